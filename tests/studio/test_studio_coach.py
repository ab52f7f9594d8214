"""What to photograph next, as the studio's pages ask for it."""

import httpx


def teach(page: httpx.Client, label: str, samples: int) -> None:
    page.post("/api/camera/show", json={"name": label})
    values = page.post("/api/lesson/class", json={"label": label}).json()["values"]
    for _ in range(samples):
        page.post("/api/lesson/sample", json={"class_id": values["class_id"]})


def test_the_lesson_is_coached_from_the_first_picture_on(page: httpx.Client) -> None:
    assert page.get("/api/coach", params={"of": "lesson"}).json()["kind"] == "start"
    teach(page, "mug", 0)
    assert page.get("/api/coach", params={"of": "lesson"}).json()["kind"] == "start"
    teach(page, "duck", 3)
    found = page.get("/api/coach", params={"of": "lesson"}).json()
    assert (found["kind"], found["label"], found["number"], found["preparing"]) == ("more", "mug", 2, False)
    assert 0 < found["readiness"] < 1


def test_the_dataset_is_looked_at_in_the_background(page: httpx.Client) -> None:
    for label, count in (("mug", 4), ("duck", 1)):
        page.post("/api/camera/show", json={"name": label})
        for _ in range(count):
            page.post("/api/collect/take", json={"label": label, "burst": ""})
    first = page.get("/api/coach", params={"of": "dataset"}).json()
    assert (first["kind"], first["preparing"]) == (None, True)
    answers = (page.get("/api/coach", params={"of": "dataset"}).json() for _ in range(2000))
    found = next(one for one in answers if not one["preparing"])
    assert (found["kind"], found["label"], found["number"]) == ("more", "duck", 2)
