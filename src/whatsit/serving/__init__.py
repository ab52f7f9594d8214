"""Models answer programs over HTTP: the native routes, CodeProject.AI and DeepStack, the Open Inference Protocol."""
