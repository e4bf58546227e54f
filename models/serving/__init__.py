"""Serving: texts in, labels and distributions out, as fast as this machine can.

``classifier`` puts the parts together: ``directory`` (what a model says of itself), ``tokenising``, an
``engine`` (ONNX Runtime or PyTorch) that ``choice`` picks, and ``stages`` (pre, core, post). Light to import.
"""

from models.serving.classifier import Classifier

__all__ = ["Classifier"]
