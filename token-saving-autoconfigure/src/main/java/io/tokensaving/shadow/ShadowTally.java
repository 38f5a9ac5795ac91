package io.tokensaving.shadow;

import java.math.BigDecimal;

import io.tokensaving.SavingsReport;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.statistics.SummedState;

/**
 * What a plan in shadow would have done. Requests are counted one by one, and in blocks
 * of {@value #BLOCK} that followed each other: how blocks differ says how much the next
 * ones may. Later blocks are counted apart from earlier ones, as a cache is empty at
 * first. Thread-safe.
 */
final class ShadowTally extends SummedState<ShadowTally> {

	static final String PREFIX = "shadow_";

	static final String REQUESTS = PREFIX + "requests";

	static final String SKIPPED = PREFIX + "skipped";

	static final String FAILED = PREFIX + "failed";

	static final String HITS = PREFIX + "hits";

	static final String SPENT = PREFIX + "spent_pico_usd";

	static final String SAVED = PREFIX + "saved_pico_usd";

	static final String TOKENS_SAVED = PREFIX + "tokens_saved";

	static final String OUTCOME = PREFIX + "outcome_";

	static final String TECHNIQUE = PREFIX + "technique_";

	static final String AGE = PREFIX + "age_";

	static final String SIMILARITY = PREFIX + "similarity_";

	static final String BLOCKS = PREFIX + "blocks_";

	static final String BLOCK_HITS = PREFIX + "block_hits_";

	static final String BLOCK_HITS_SQUARED = PREFIX + "block_hits_squared_";

	static final String BLOCK_SHARE = PREFIX + "block_share_";

	static final String BLOCK_SHARE_SQUARED = PREFIX + "block_share_squared_";

	/**
	 * The number of requests in a block.
	 */
	static final int BLOCK = 50;

	/**
	 * The unit of the share that was saved: parts per million.
	 */
	static final double SHARE = 1_000_000;

	/**
	 * The number of steps between the similarities 0 and 1.
	 */
	static final int SIMILARITIES = 100;

	private static final long[] AGES = { 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400 };

	private int inBlock;

	private int hitsInBlock;

	private BigDecimal spentInBlock = BigDecimal.ZERO;

	private BigDecimal savedInBlock = BigDecimal.ZERO;

	private long blocks;

	void skipped() {
		add(SKIPPED, 1);
	}

	void failed() {
		add(FAILED, 1);
	}

	/**
	 * Count a request.
	 * @param report what the plan would have done
	 * @param spent what the call of the model cost in US dollars
	 */
	synchronized void record(SavingsReport report, BigDecimal spent) {
		add(REQUESTS, 1);
		add(OUTCOME + report.outcome().value(), 1);
		add(SPENT, PicoUsd.of(spent));
		add(SAVED, PicoUsd.of(report.costSavedUsd()));
		add(TOKENS_SAVED, report.tokensSaved());
		report.costSavedUsdByTechnique().forEach((technique, usd) -> add(TECHNIQUE + technique, PicoUsd.of(usd)));
		if (report.outcome().isHit()) {
			add(HITS, 1);
			this.hitsInBlock++;
			if (report.ageSeconds() != null) {
				add(AGE + ageBucket(report.ageSeconds()), 1);
			}
			if (report.similarity() != null) {
				add(SIMILARITY + (int) Math.floor(SIMILARITIES * report.similarity() + 1e-9), 1);
			}
		}
		this.spentInBlock = this.spentInBlock.add(spent);
		this.savedInBlock = this.savedInBlock.add(report.costSavedUsd());
		if (++this.inBlock == BLOCK) {
			endBlock();
		}
	}

	static int ageBucket(long seconds) {
		int bucket = 0;
		while (bucket < AGES.length && seconds > AGES[bucket]) {
			bucket++;
		}
		return bucket;
	}

	static long[] ages() {
		return AGES.clone();
	}

	private void endBlock() {
		// Blocks 1, 2 to 3, 4 to 7 and so on are counted together
		String octave = String.valueOf(63 - Long.numberOfLeadingZeros(++this.blocks));
		long share = (this.spentInBlock.signum() > 0)
				? Math.round(SHARE * this.savedInBlock.doubleValue() / this.spentInBlock.doubleValue()) : 0;
		add(BLOCKS + octave, 1);
		add(BLOCK_HITS + octave, this.hitsInBlock);
		add(BLOCK_HITS_SQUARED + octave, (long) this.hitsInBlock * this.hitsInBlock);
		add(BLOCK_SHARE + octave, share);
		add(BLOCK_SHARE_SQUARED + octave, share * share);
		this.inBlock = 0;
		this.hitsInBlock = 0;
		this.spentInBlock = BigDecimal.ZERO;
		this.savedInBlock = BigDecimal.ZERO;
	}

}
