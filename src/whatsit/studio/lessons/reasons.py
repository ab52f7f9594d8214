"""Why what was taught on the Teach page gives its answers."""

import numpy as np

from whatsit.backbones.backbone import Backbone
from whatsit.evaluation.explanation import Explainer
from whatsit.evaluation.looked_at import activation_look, occlusion_look
from whatsit.evaluation.nearest_taught import TaughtPictures
from whatsit.heads.unknown import normalised
from whatsit.studio.lessons.session import TeachSession


def taught_explainer(session: TeachSession) -> Explainer:
    """Explains the answers of what is taught now; the embeddings it compares with are those of the lesson."""
    learner, lesson, root = session.learner, session.lesson, session.dataset.root
    embedder = learner.embedder
    look = None
    if isinstance(embedder, Backbone) and learner.labels:
        look = activation_look(embedder.content, embedder.preprocess, learner.head, embedder.id)
    shots = [
        (shot, label)
        for shot in lesson.shots
        if shot.key and shot.id in learner.embeddings and (label := lesson.label_of(shot.class_id)) is not None
    ]
    rows = np.array([learner.embeddings[shot.id] for shot, _ in shots], np.float32).reshape(-1, embedder.dim)
    known = TaughtPictures(tuple((root / shot.key, label) for shot, label in shots), normalised(rows))
    return Explainer(learner, look or occlusion_look(learner), embedder.embed_pixels, known)
