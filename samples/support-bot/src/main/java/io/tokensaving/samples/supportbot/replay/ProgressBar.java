package io.tokensaving.samples.supportbot.replay;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Shows how far something is: a bar on a terminal, otherwise a line for every tenth.
 */
public final class ProgressBar {

	private static final int WIDTH = 40;

	private final PrintStream out;

	private final boolean terminal;

	private final int total;

	private int shown = -1;

	/**
	 * Create a bar.
	 * @param out where it is shown
	 * @param terminal whether that is a terminal
	 * @param total the number that is 100 %, above zero
	 */
	public ProgressBar(PrintStream out, boolean terminal, int total) {
		this.out = out;
		this.terminal = terminal;
		this.total = total;
	}

	/**
	 * Show how far it is, unless that is shown already.
	 * @param done how much is done, up to the total
	 */
	public void update(int done) {
		int percent = (int) (100L * done / this.total);
		int step = this.terminal ? percent : percent / 10 * 10;
		if (step == this.shown) {
			return;
		}
		this.shown = step;
		if (this.terminal) {
			int filled = WIDTH * percent / 100;
			this.out.printf(Locale.ROOT, "\r[%s%s] %3d %%  %,d of %,d", "#".repeat(filled), " ".repeat(WIDTH - filled),
					percent, done, this.total);
			if (done == this.total) {
				this.out.println();
			}
		}
		else if (step > 0) {
			this.out.printf(Locale.ROOT, "%3d %%  %,d of %,d%n", step, done, this.total);
		}
	}

}
