"""How a query is answered: probes, rankings, fusion, judgement, hits."""
