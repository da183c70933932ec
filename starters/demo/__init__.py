"""The newcomer's first minute: the whole product on this machine, with prospects who answer."""
