"""Evaluate a model's loss at many points of a plane of weight space.

A forward pass is recorded once as a list of torch operations (`trace`). Two evaluators use the same
interface: `reference` calls a private copy of the model at each point and can do everything; `vectorized`
replays the trace at many points at once and is chosen by `dispatch` only if it agrees with the reference.

Where to find things:

* the forward rule of an operation: `operations.FORWARD_RULES` (those with parameters in
  `parameter_operations`), for convolutions `convolutions` and `conv_program`;
* the derivatives of an operation: `lossviz.curvature.op_rules.DERIVATIVE_RULES`;
* what a rule may ask of the program that it is compiled into: `rule_types`;
* the programs: `stacked_program` (dense networks) and `conv_program` (convolutional networks);
* the loss: `stacked_loss`; what users pass as data and loss: `batches` and `user_loss`.
"""
