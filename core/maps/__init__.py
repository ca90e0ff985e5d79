"""Maps of feature spaces: an audit's images laid out so that alike ones lie together."""
