"""Where the server's values go in a page's scripts: which fields are read of them, and which fields are sent.

A small points-to analysis (Andersen 1994): every variable, parameter, array and object holds the set of values that can
reach it, whatever the order of statements; the scripts are evaluated until no set grows. Promises are transparent. A
value that is neither the server's, nor an object, array, function or class of the scripts, is not followed.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from flow_values import Array, Class, Function, Intrinsic, Object, Scope, Values, Variable
from javascript_tree import Node, imports, parse, string
from server_calls import Problem, ServerCalls
from server_types import ListOf, MapOf, Record

_SAME = ("filter", "slice", "sort", "reverse", "toSorted", "toReversed", "values", "entries", "splice", "flat")
_ELEMENT = ("find", "findLast", "at", "pop", "shift", "get")
_FUNCTIONS = ("function_expression", "arrow_function", "method_definition")


class Analysis:
    """The flow in one page's scripts.

    ``reads`` are the (record, field) pairs that are read; ``problems`` is what does not fit the server's types.
    """

    def __init__(self, files: Iterable[Path], server: ServerCalls) -> None:
        self._server = server
        self._modules: dict[Path, Object] = {}
        self._made: dict[Any, Any] = {}
        self._grown = True
        self.reads: set[tuple[str, str]] = set()
        self.problems: dict[Problem, None] = {}
        trees = [parse(file) for file in files]
        while self._grown:
            self._grown = False
            self.problems.clear()
            for tree in trees:
                self._module(tree)

    # ---- sets
    def _add(self, variable: Variable, values: Iterable[Any]) -> None:
        for value in values:
            if value not in variable.values:
                variable.values[value] = None
                self._grown = True

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
            self._grown = True
        return self._made[key]

    # ---- modules
    def _module(self, tree: Node) -> None:
        exports = self._modules.setdefault(tree.file, Object())
        if tree.file.name in self._server.modules:
            for name in self._server.modules[tree.file.name]:
                self._add(exports.get(name), [self._once(name, lambda name=name: Intrinsic(name))])
            return
        scope = self._once((tree, "scope"), lambda: Scope(None, {}))
        addresses = imports(tree)
        for statement in tree.children:
            if statement.type == "import_statement":
                self._import(
                    statement, self._modules.setdefault(addresses[string(statement.roles["source"])], Object()), scope
                )
        self._block(tree.children, scope)
        for statement in tree.children:
            if statement.type == "export_statement" and "declaration" in statement.roles:
                for name in _declared(statement.roles["declaration"]):
                    found = scope.find(name)
                    if found is not None:
                        exports.fields[name] = found

    def _import(self, statement: Node, module: Object, scope: Scope) -> None:
        for clause in statement.children:
            for part in clause.children if clause.type == "import_clause" else ():
                if part.type == "namespace_import":
                    self._add(scope.names.setdefault(part.children[0].text, Variable()), [module])
                for name in part.children if part.type == "named_imports" else ():
                    local = name.roles.get("alias", name.roles["name"]).text
                    scope.names[local] = module.get(name.roles["name"].text)

    # ---- statements
    def _block(self, statements: Iterable[Node], scope: Scope) -> None:
        statements = list(statements)
        for statement in statements:
            inner = statement.roles.get("declaration", statement)
            if inner.type in ("function_declaration", "class_declaration"):
                scope.names.setdefault(inner.roles["name"].text, Variable())
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, node: Node, scope: Scope) -> None:
        if node.type == "import_statement":
            return
        if node.type in ("function_declaration", "class_declaration"):
            make = self._function if node.type == "function_declaration" else self._class
            self._add(scope.names.setdefault(node.roles["name"].text, Variable()), [make(node, scope)])
        elif node.type == "variable_declarator":
            value = self._value(node.roles["value"], scope) if "value" in node.roles else {}
            self._bind(node.roles["name"], value, scope, declare=True)
        elif node.type in ("statement_block", "switch_body"):
            self._block(node.children, self._once((node, scope), lambda: Scope(scope, scope.this)))
        elif node.type == "for_in_statement":
            inner = self._once((node, scope), lambda: Scope(scope, scope.this))
            self._bind(node.roles["left"], self._elements(self._value(node.roles["right"], scope)), inner, declare=True)
            self._statement(node.roles["body"], inner)
        elif node.type == "for_statement":
            inner = self._once((node, scope), lambda: Scope(scope, scope.this))
            for child in node.children:
                self._statement(child, inner)
        elif node.type == "return_statement":
            function = scope.find("return")
            values = [self._value(child, scope) for child in node.children]
            if function is not None and values:
                self._add(function, values[0])
        elif node.type.endswith(("_statement", "_declaration", "_clause", "_case", "_default")):
            for child in node.children:
                self._statement(child, scope)
        else:
            self._value(node, scope)

    def _bind(self, pattern: Node, values: Values, scope: Scope, declare: bool = False) -> None:
        """Give values to a name or a pattern."""
        kind = pattern.type
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            variable = scope.names.setdefault(pattern.text, Variable()) if declare else scope.find(pattern.text)
            if variable is not None:
                self._add(variable, values)
        elif kind == "object_pattern":
            for part in pattern.children:
                if part.type == "shorthand_property_identifier_pattern":
                    self._bind(part, self._read(values, part.text, part), scope, declare)
                elif part.type == "object_assignment_pattern":
                    name = part.roles["left"]
                    default = self._value(part.roles["right"], scope)
                    self._bind(name, {**self._read(values, name.text, part), **default}, scope, declare)
                elif part.type == "pair_pattern":
                    self._bind(part.roles["value"], self._read(values, part.roles["key"].text, part), scope, declare)
        elif kind == "array_pattern":
            inner = self._elements(values)
            for part in pattern.children:
                self._bind(part, inner, scope, declare)
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            self._bind(pattern.roles["left"], {**values, **self._value(pattern.roles["right"], scope)}, scope, declare)
        elif kind == "rest_pattern":
            whole = self._once((pattern, scope), Array)
            self._add(whole.elements, values)
            self._bind(pattern.children[0], {whole: None}, scope, declare)
        elif kind in ("member_expression", "subscript_expression"):
            self._store(pattern, values, scope)

    def _store(self, target: Node, values: Values, scope: Scope) -> None:
        owners = self._value(target.roles["object"], scope)
        if target.type == "subscript_expression":
            self._value(target.roles["index"], scope)
        for owner in owners:
            if isinstance(owner, Object) and target.type == "member_expression":
                self._add(owner.get(target.roles["property"].text), values)
            elif isinstance(owner, Object):
                self._add(owner.get("*"), values)
            elif isinstance(owner, Array):
                self._add(owner.elements, values)

    # ---- functions and classes
    def _function(self, node: Node, scope: Scope) -> Function:
        function: Function = self._once((node, scope), lambda: self._new_function(node, scope))
        body = node.roles["body"]
        if body.type == "statement_block":
            self._block(body.children, function.scope)
        else:
            self._add(function.results, self._value(body, function.scope))
        for parameter in function.parameters:  # the default values
            self._bind(parameter, {}, function.scope, declare=True)
        return function

    @staticmethod
    def _new_function(node: Node, scope: Scope) -> Function:
        alone = node.roles.get("parameter")
        parameters = [alone] if alone is not None else node.roles["parameters"].children
        function = Function(parameters, Scope(scope, scope.this))
        function.scope.names["return"] = function.results
        return function

    def _class(self, node: Node, scope: Scope) -> Class:
        made: Class = self._once((node, scope), lambda: Class(Object()))
        inner = self._once((node, scope, "this"), lambda: Scope(scope, {made.instance: None}))
        for member in node.roles["body"].children:
            if member.type == "method_definition":
                name, function = member.roles["name"].text, self._function(member, inner)
                getter = member.text.startswith("get ")
                self._add(made.instance.get(name), function.results.values if getter else [function])
            elif member.type == "field_definition" and "value" in member.roles:
                values = self._value(member.roles["value"], inner)
                self._add(made.instance.get(member.roles["property"].text), values)
        return made

    def _call(self, callees: Iterable[Any], arguments: list[Values], node: Node) -> Values:
        results: Values = {}
        for callee in callees:
            if isinstance(callee, Function):
                for parameter, values in zip(callee.parameters, self._padded(callee, arguments), strict=True):
                    self._bind(parameter, values, callee.scope, declare=True)
                results |= callee.results.values
            elif isinstance(callee, Class):
                constructor = callee.instance.fields.get("constructor")
                if constructor is not None:
                    self._call(constructor.values, arguments, node)
                results[callee.instance] = None
        return results

    @staticmethod
    def _padded(function: Function, arguments: list[Values]) -> list[Values]:
        parameters = function.parameters
        if parameters and parameters[-1].type == "rest_pattern":
            fixed = len(parameters) - 1
            rest = {value: None for values in arguments[fixed:] for value in values}
            arguments = [*arguments[:fixed], rest]
        return [arguments[at] if at < len(arguments) else {} for at in range(len(parameters))]

    # ---- expressions
    def _value(self, node: Node, scope: Scope) -> Values:
        kind = node.type
        if kind == "identifier":
            variable = scope.find(node.text)
            return dict(variable.values) if variable is not None else {}
        if kind == "this":
            return scope.this
        if kind == "member_expression":
            return self._read(self._value(node.roles["object"], scope), node.roles["property"].text, node)
        if kind == "call_expression":
            return self._call_expression(node, scope)
        if kind in _FUNCTIONS:
            return {self._function(node, scope): None}
        if kind == "object":
            return {self._object(node, scope): None}
        if kind == "subscript_expression":
            index = node.roles["index"]
            self._value(index, scope)
            owners = self._value(node.roles["object"], scope)
            if index.type == "string":
                return self._read(owners, string(index), node)
            return self._members(owners)
        if kind in ("assignment_expression", "augmented_assignment_expression"):
            values = self._value(node.roles["right"], scope)
            self._bind(node.roles["left"], values, scope)
            return values
        if kind == "new_expression":
            return self._new(node, scope)
        inner = [self._value(child, scope) for child in node.children]
        if kind == "array":
            array = self._once((node, scope), Array)
            for child, values in zip(node.children, inner, strict=True):
                self._add(array.elements, self._elements(values) if child.type == "spread_element" else values)
            return {array: None}
        if kind in ("await_expression", "parenthesized_expression", "spread_element"):
            return inner[0]
        if kind == "ternary_expression":
            return {**inner[1], **inner[2]}
        if kind == "binary_expression" and node.roles["operator"].text in ("&&", "||", "??"):
            return {**inner[0], **inner[1]}
        return {}

    def _object(self, node: Node, scope: Scope) -> Object:
        made: Object = self._once((node, scope), Object)
        for part in node.children:
            if part.type == "pair":
                key, values = part.roles["key"], self._value(part.roles["value"], scope)
                if key.type == "computed_property_name":
                    self._value(key.children[0], scope)
                self._add(made.get("*" if key.type == "computed_property_name" else key.text.strip("\"'")), values)
            elif part.type == "shorthand_property_identifier":
                variable = scope.find(part.text)
                self._add(made.get(part.text), variable.values if variable is not None else ())
            elif part.type == "spread_element":
                self._add(made.bases, self._value(part.children[0], scope))
            elif part.type == "method_definition":
                self._add(made.get(part.roles["name"].text), [self._function(part, scope)])
        return made

    def _new(self, node: Node, scope: Scope) -> Values:
        arguments = self._arguments(node, scope)
        name = node.roles["constructor"].text
        if name in ("Map", "Set", "Array"):
            array = self._once((node, scope), Array)
            elements = self._elements(arguments[0]) if arguments else {}
            self._add(array.elements, self._elements(elements) if name == "Map" else elements)
            return {array: None}
        return self._call(self._value(node.roles["constructor"], scope), arguments, node)

    def _arguments(self, node: Node, scope: Scope) -> list[Values]:
        given = node.roles["arguments"].children if "arguments" in node.roles else []
        values = [self._value(one, scope) for one in given]
        return [self._elements(v) if n.type == "spread_element" else v for n, v in zip(given, values, strict=True)]

    def _read(self, values: Values, name: str, node: Node) -> Values:
        """The values of a field."""
        found, results = False, {}
        for value in values:
            if isinstance(value, Record) and name in value.fields:
                self.reads.add((value.name, name))
                results |= dict.fromkeys(value.fields[name])
            elif isinstance(value, MapOf):
                results |= dict.fromkeys(value.value)
            elif isinstance(value, Object) and name in value.fields:
                results |= value.fields[name].values
            elif isinstance(value, Object) and value.bases.values:
                results |= self._read(value.bases.values, name, node)
                continue
            elif isinstance(value, (Record, Object)):
                continue
            found = True
        if not found and any(isinstance(value, Record) for value in values):
            records = " or ".join(sorted(value.name for value in values if isinstance(value, Record)))
            self.problems[Problem(node.place, f"{records} has no field {name!r}")] = None
        return results

    def _elements(self, values: Values) -> Values:
        """What is in arrays; anything else stands for itself, as the pairs of a map do."""
        found: Values = {}
        for value in values:
            if isinstance(value, ListOf):
                found |= dict.fromkeys(value.element)
            elif isinstance(value, Array):
                found |= value.elements.values
            else:
                found[value] = None
        return found

    def _members(self, values: Values) -> Values:
        """What ``values[…]`` or ``Object.values(values)`` can be."""
        found: Values = {}
        for value in values:
            if isinstance(value, MapOf):
                found |= dict.fromkeys(value.value)
            elif isinstance(value, Record):
                self.reads |= {(value.name, name) for name in value.fields}
                found |= {shape: None for shapes in value.fields.values() for shape in shapes}
            elif isinstance(value, Object):
                found |= {one: None for variable in value.fields.values() for one in variable.values}
                found |= self._members(value.bases.values)
            elif isinstance(value, (ListOf, Array)):
                found |= self._elements({value: None})
        return found

    # ---- calls
    def _call_expression(self, node: Node, scope: Scope) -> Values:
        function, arguments = node.roles["function"], self._arguments(node, scope)
        if function.type == "member_expression":
            name, owner = function.roles["property"].text, function.roles["object"]
            if owner.text in ("Object", "Promise", "Array"):
                return self._static(name, arguments, node)
            owners = self._value(owner, scope)
            if name in ("then", "catch", "finally"):
                results = self._call(arguments[0] if arguments else (), [owners if name == "then" else {}], node)
                self._call(arguments[1] if len(arguments) > 1 else (), [{}], node)
                return results if name == "then" else {**owners, **results}
            if any(isinstance(one, (ListOf, Array)) for one in owners):
                return self._method(name, owners, arguments, node)
            callees = self._read(owners, name, function)
        else:
            callees = self._value(function, scope)
        results = self._call(callees, arguments, node)
        for callee in callees:
            if isinstance(callee, Intrinsic):
                answer, problems = self._server.call(callee.name, node, arguments)
                self.problems |= dict.fromkeys(problems)
                results |= answer
                heard = self._server.heard(callee.name, node)
                if heard is not None:
                    self._call(arguments[1], [heard], node)
        return results

    def _static(self, name: str, arguments: list[Values], node: Node) -> Values:
        """``Object.entries``, ``Promise.all``, ``Array.from`` and others."""
        if not arguments:
            return {}
        if name == "assign":
            for target in arguments[0]:
                for source in arguments[1:] if isinstance(target, Object) else ():
                    self._add(target.bases, source)
            return arguments[0]
        array = self._once((node, "static"), Array)
        if name == "from" and len(arguments) > 1:
            self._add(array.elements, self._call(arguments[1], [self._elements(arguments[0])], node))
        elif name in ("entries", "values"):
            self._add(array.elements, self._members(arguments[0]))
        elif name != "keys":
            self._add(array.elements, self._elements(arguments[0]))
        return {array: None}

    def _method(self, name: str, owners: Values, arguments: list[Values], node: Node) -> Values:
        """A method of arrays, sets and maps."""
        elements = self._elements(owners)
        array = self._once((node, "method"), Array)
        if name == "reduce":
            self._add(array.elements, arguments[1])
            self._add(array.elements, self._call(arguments[0], [array.elements.values, elements], node))
            return array.elements.values
        results = self._call(arguments[0] if arguments else (), [elements, elements], node)
        if name in ("push", "unshift", "add", "set", "concat"):
            added = {value: None for values in arguments[name == "set" :] for value in values}
            for owner in (array,) if name == "concat" else owners:
                if isinstance(owner, Array):
                    self._add(owner.elements, self._elements({**elements, **added}) if name == "concat" else added)
            return {array: None} if name == "concat" else owners
        if name in ("map", "flatMap"):
            self._add(array.elements, self._elements(results) if name == "flatMap" else results)
            return {array: None}
        if name in _SAME:
            return owners
        return elements if name in _ELEMENT else {}


def _declared(declaration: Node) -> list[str]:
    """The names that an exported declaration gives."""
    declarators = [one for one in declaration.children if one.type == "variable_declarator"]
    return [one.roles["name"].text for one in declarators or [declaration]]
