"""A classifier program for a MaixCAM: the best class on the picture, frame by frame."""

from maix import app, camera, display, image, nn, time

classifier = nn.Classifier(model="/root/models/things.mud", dual_buff=True)
cam = camera.Camera(classifier.input_width(), classifier.input_height(), classifier.input_format())
disp = display.Display()
frames = 0
while not app.need_exit():
    time.fps_start()
    img = cam.read()
    best, score = classifier.classify(img)[0]
    img.draw_string(5, 5, f"{score:5.2f}: {classifier.labels[best]}", image.COLOR_RED)
    disp.show(img.resize(disp.width(), disp.height(), image.Fit.FIT_CONTAIN))
    frames += 1
    if frames == 3:
        print(f"{classifier.labels[best]} of {len(classifier.labels)}, {time.fps() > 0}", flush=True)
        app.set_exit_flag(True)
