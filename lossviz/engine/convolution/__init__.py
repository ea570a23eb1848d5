"""Convolutional networks at many points: `conv_program` replays a trace, by the algorithms beside it."""
