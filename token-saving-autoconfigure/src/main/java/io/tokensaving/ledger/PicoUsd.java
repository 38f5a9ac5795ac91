package io.tokensaving.ledger;

import java.math.BigDecimal;

/**
 * Converts amounts of money between US dollars and whole pico-dollars (10<sup>-12</sup>
 * US dollars), which can be added without rounding. Thread-safe.
 */
public final class PicoUsd {

	private static final int DIGITS = 12;

	private PicoUsd() {
	}

	/**
	 * Convert to US dollars.
	 * @param picoUsd the amount in pico-dollars
	 * @return the same amount in US dollars, without trailing zeros
	 */
	public static BigDecimal toUsd(long picoUsd) {
		return (picoUsd != 0) ? BigDecimal.valueOf(picoUsd, DIGITS).stripTrailingZeros() : BigDecimal.ZERO;
	}

	/**
	 * Convert from US dollars.
	 * @param usd the amount in US dollars
	 * @return the same amount in pico-dollars
	 * @throws ArithmeticException if it has more than 12 decimal places or is too large
	 */
	public static long of(BigDecimal usd) {
		return usd.movePointRight(DIGITS).longValueExact();
	}

}
