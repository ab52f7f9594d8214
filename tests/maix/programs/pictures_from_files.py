"""A self-learning program for a MaixCAM without a camera: classes and samples are files in /root."""

from maix import app, display, image, nn, time

disp = display.Display()
classifier = nn.SelfLearnClassifier(model="/root/models/no_top.mud")
shown = []
for name in ("1", "2"):
    img = image.load(f"/root/{name}.jpg")
    if img is None:
        raise Exception(f"no picture {name}")
    shown.append(img)
    classifier.add_class(img)
classifier.add_sample(image.load("/root/sample.jpg", image.Format.FMT_RGB888))
rounds = classifier.learn()
result = classifier.classify(image.load("/root/test.jpg"))
print(f"learnt in {rounds}, nearest {result[0][0]}, {len(result)} distances", flush=True)

both = image.Image(disp.width(), disp.height())
half = (disp.width() // 2, disp.height() // 2)
both.draw_image(0, 0, image.load("/root/test.jpg").resize(*half, image.Fit.FIT_CONTAIN))
both.draw_image(half[0], 0, shown[result[0][0]].resize(*half, image.Fit.FIT_CONTAIN))
both.draw_string(2, half[1] + 20, f"distance: {result[0][1]:.2f}", scale=1.5)
disp.show(both)
both.save("/root/answer.png")
while not app.need_exit():
    time.sleep_ms(20)
