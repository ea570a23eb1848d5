"""How the losses of several batches make the loss of all the data: see `shares.averaged`."""
