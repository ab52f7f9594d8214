"""A self-learning app for a MaixCAM: buttons on the picture, what was taught kept in /root. It knows only ``maix``."""

import os

from maix import app, camera, display, image, nn, time, touchscreen

FILE = "/root/my_classes.bin"
BUTTONS = {"+Class": (4, 200), "+Sample": (4, 240), "Learn": (4, 280), "Clear": (4, 320), "Exit": (440, 320)}
WIDTH, HEIGHT = 104, 36


def pressed_button(x, y):
    for name, (left, top) in BUTTONS.items():
        if left <= x < left + WIDTH and top <= y < top + HEIGHT:
            return name
    return None


disp = display.Display()
cam = camera.Camera(disp.width(), disp.height())
touch = touchscreen.TouchScreen()
classifier = nn.SelfLearnClassifier(model="/root/models/mobilenet_v2_no_top.mud")
labels = classifier.load(FILE) if os.path.exists(FILE) else []
held = False
said = ""
said_at = 0.0

while not app.need_exit():
    img = cam.read()
    seen = img.resize(classifier.input_width(), classifier.input_height(), image.Fit.FIT_COVER)
    best = classifier.classify(seen)[0] if classifier.class_num() else None
    x, y, pressed = touch.read()
    if pressed and not held:
        name = pressed_button(x, y)
        if name == "+Class":
            classifier.add_class(seen)
            labels.append(f"Class {len(labels) + 1}")
            classifier.save(FILE, labels=labels)
        elif name == "+Sample":
            classifier.add_sample(seen)
            classifier.save(FILE, labels=labels)
        elif name == "Learn":
            said = "Learned" if classifier.learn() else "Already learned"
            said_at = time.ticks_s()
            classifier.save(FILE, labels=labels)
        elif name == "Clear":
            classifier.clear()
            labels.clear()
            if os.path.exists(FILE):
                os.remove(FILE)
        elif name == "Exit":
            app.set_exit_flag(True)
        if name:
            print(f"{name}: {classifier.class_num()} classes, {classifier.sample_num()} samples", flush=True)
    held = bool(pressed)
    for name, (left, top) in BUTTONS.items():
        img.draw_rect(left, top, WIDTH, HEIGHT, image.COLOR_WHITE, thickness=2)
        size = image.string_size(name)
        img.draw_string(left + (WIDTH - size.width()) // 2, top + (HEIGHT - size[1]) // 2, name, image.COLOR_WHITE)
    if best and labels:
        img.draw_string(4, 4, f"{labels[best[0]]}  {best[1]:.2f}", image.COLOR_RED, scale=1.5, thickness=2)
    if said and time.ticks_s() - said_at < 3:
        img.draw_string(200, 160, said, image.COLOR_YELLOW, scale=2, thickness=3)
    disp.show(img)
