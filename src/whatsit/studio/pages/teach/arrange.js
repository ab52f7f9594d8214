// Makes `items` the children of `list`, in order. What stays where it is is not touched: moving an element takes away
// the focus of whoever is in it.
export function arrange(list, items) {
  const wanted = new Set(items);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  items.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
}
