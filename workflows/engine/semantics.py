"""The number of the engine's behaviour, and what each number has changed."""

from __future__ import annotations

SEMANTICS = 2
"""The number of today's behaviour. An enrollment keeps the one it started with until it continues
as new; old behaviour stays behind a plain ``if`` on it.

1. Conditions compare instants as text, true as the number 1, and texts of digits as numbers. A
   lead is parked after 100 steps without a wait, however many steps there are.
2. Instants compare as instants, true and false with the words as well, and what begins with a zero
   as text. As many steps as the automation has may follow one another without a wait.
"""
