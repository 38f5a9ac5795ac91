package io.tokensaving.compression;

import io.tokensaving.provider.PrefixPrice;

/**
 * What a compaction does to what the following requests cost, in tokens at the price of
 * input. Immutable.
 * <p>
 * It costs (write - read) for each token of the history that stays, once: the provider's
 * prompt cache knew it in its old place. It saves read for each token that goes, at each
 * request up to the next compaction: the cache would have known that, too.
 *
 * @param kept the tokens of the history that stay and were sent before
 * @param dropped the tokens of the history that go
 * @param requests how many requests are expected up to the next compaction
 */
record CompactionEffect(long kept, long dropped, double requests) {

	/**
	 * The share of the low mark that stays in any case.
	 */
	static final double LEAST_SHARE = 0.5;

	double cost(PrefixPrice price) {
		return price.lost() * this.kept;
	}

	double saving(PrefixPrice price) {
		return price.read() * this.dropped * this.requests;
	}

	/**
	 * Return the share of the room for history that a compaction should leave filled. The
	 * less stays, the less is sent anew, the more is saved, and the later the next one
	 * comes. A compaction saves what it costs up to the share s with
	 * <pre>read (1 - s) free requests(s) = (write - read) (fixed + s free), requests(s) = (1 - s) free / growth</pre>
	 * More than the plan says is only left out if that puts off the next compaction by a
	 * request.
	 * @param lowMark the share that the plan wants, above 0 and up to 1
	 * @param room the tokens for the history
	 * @param fixed how many of them the newest messages take, which stay as they are
	 * @param growth by how many tokens the history grows from request to request
	 * @param price what the provider charges
	 * @return the share of the room without the fixed tokens, at most the one that the
	 * plan wants and at least {@value #LEAST_SHARE} of it
	 */
	static double mark(double lowMark, double room, double fixed, double growth, PrefixPrice price) {
		double free = room - fixed;
		double lost = price.lost();
		double gain = price.read() * free / Math.max(1, growth);
		if (lost == 0 || gain <= 0) {
			return lowMark;
		}
		// The smaller root, without subtracting what is nearly equal
		double half = gain + lost / 2;
		double rest = gain - lost * fixed / free;
		double pays = (rest > 0) ? rest / (half + Math.sqrt(half * half - gain * rest)) : 0;
		double mark = Math.min(lowMark, Math.max(LEAST_SHARE * lowMark, pays));
		return (requests(mark, free, growth) > requests(lowMark, free, growth)) ? mark : lowMark;
	}

	private static double requests(double mark, double free, double growth) {
		return Math.floor((1 - mark) * free / Math.max(1, growth));
	}

}
