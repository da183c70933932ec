"""``dripstone rehearse``: what a campaign would do to these leads, before it does."""
