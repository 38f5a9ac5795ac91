package io.tokensaving.samples.supportbot.replay;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Draws elements with a Zipf-distributed popularity: that of the element of rank
 * <em>r</em> is proportional to 1/<em>r</em><sup>s</sup>. Which element has which rank is
 * drawn too. Not thread-safe.
 *
 * @param <T> the type of the elements
 */
public final class ZipfSampler<T> {

	private final List<T> byRank;

	private final double[] cumulative;

	private final Random random;

	/**
	 * Create a sampler.
	 * @param elements the elements, at least one
	 * @param exponent the exponent <em>s</em>, zero or more
	 * @param seed the seed of the draw
	 */
	public ZipfSampler(List<T> elements, double exponent, long seed) {
		this.random = new Random(seed);
		this.byRank = new ArrayList<>(elements);
		Collections.shuffle(this.byRank, this.random);
		this.cumulative = new double[elements.size()];
		double sum = 0;
		for (int rank = 1; rank <= this.cumulative.length; rank++) {
			sum += 1 / Math.pow(rank, exponent);
			this.cumulative[rank - 1] = sum;
		}
	}

	/**
	 * Draw an element.
	 * @return the element
	 */
	public T next() {
		double drawn = this.random.nextDouble() * this.cumulative[this.cumulative.length - 1];
		int found = Arrays.binarySearch(this.cumulative, drawn);
		return this.byRank.get((found >= 0) ? Math.min(found + 1, this.byRank.size() - 1) : -found - 1);
	}

	List<T> byRank() {
		return Collections.unmodifiableList(this.byRank);
	}

}
