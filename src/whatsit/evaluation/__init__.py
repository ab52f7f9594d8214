"""How good a model is and what it costs: metrics, latency, reports, sweeps."""
