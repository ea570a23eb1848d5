"""Second derivatives of a loss at a model's weights: Hessian products, eigenvalues, trace and density.

Where to find things:

* the derivatives of an operation: `op_rules.DERIVATIVE_RULES` (activations: `activation_rules`); its forward
  pass at many points: `lossviz.engine.operations.FORWARD_RULES`;
* what a rule works on, and what it may ask of the program: `rule_types`;
* the gradient and Hessian products of a whole network, from these rules: `differentiated`, with the loss of
  the outputs in `loss_hessian`; checked by `verification` and put together in `compiled`;
* Hessian products by autograd, for all other models: `products`;
* are they right? `derivative_check` compares with differences, `verified` decides what is used instead
  (`differences`) or refused, with the cause by `causes`; in float64 by `double_copy` and `double_precision`;
* eigenvalues: the public functions in `eigenvalues`, by `lanczos`, which return `result`; during a training,
  `tracking`.
"""
