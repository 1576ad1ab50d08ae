"""Every shape there is."""

from addon.shapes import chat, converse, gemini, messages, ollama, responses
from addon.shapes.shape import Shape

SHAPES: tuple[Shape, ...] = (
    responses.SHAPE,
    chat.SHAPE,
    messages.SHAPE,
    gemini.SHAPE,
    converse.SHAPE,
    ollama.SHAPE,
)
