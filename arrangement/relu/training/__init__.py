"""The global optimum, by branch and bound and by convex programs."""
