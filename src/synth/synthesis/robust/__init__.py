"""Cluster-robust tests and intervals: right for many clusters whatever the estimates of a cluster share."""

from __future__ import annotations

from synth.synthesis.robust.entries import RobustResult, cluster_robust

__all__ = ["RobustResult", "cluster_robust"]
