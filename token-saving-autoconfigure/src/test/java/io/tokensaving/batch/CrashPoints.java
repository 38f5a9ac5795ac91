package io.tokensaving.batch;

import java.util.Random;

/**
 * Ends the process at one of the points that it comes by.
 */
class CrashPoints {

	private final Random random;

	private int left;

	private int countdown;

	private boolean armed;

	CrashPoints(Random random, int crashes) {
		this.random = random;
		this.left = crashes;
		draw();
	}

	private void draw() {
		this.armed = this.left > 0;
		this.left--;
		// Early ones more often than late ones
		this.countdown = this.random.nextInt(this.random.nextBoolean() ? 12 : 150);
	}

	void pass(String point) {
		if (this.armed && this.countdown-- == 0) {
			draw();
			throw new CrashError(point);
		}
	}

	void disarm() {
		this.armed = false;
	}

}
