"""Stock to flow: from identified dwellings to annual quotas, exact until the last rounding."""

from flux.conversion.backtest import Backtest, backtest
from flux.conversion.methode_declaree import methode
from flux.conversion.quotas import Quotas, convert

__all__ = ["Backtest", "backtest", "Quotas", "convert", "methode"]
