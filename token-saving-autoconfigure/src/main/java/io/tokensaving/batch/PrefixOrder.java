package io.tokensaving.batch;

import java.util.Arrays;
import java.util.Comparator;
import java.util.zip.CRC32C;

/**
 * Orders bodies so that those with a long common beginning stand together, without
 * keeping them: each is represented by the hashes of its beginnings, one every 512 bytes.
 *
 * @param key the key of the line
 * @param index its place in the list that is to be ordered
 * @param beginnings the hashes
 */
@SuppressWarnings("ArrayRecordComponent")
record PrefixOrder(String key, int index, long[] beginnings) {

	static final Comparator<PrefixOrder> BY_BEGINNINGS = Comparator
		.<PrefixOrder, long[]>comparing(PrefixOrder::beginnings, Arrays::compare)
		.thenComparing(PrefixOrder::key);

	private static final int STEP = 512;

	private static final int MAX_BEGINNINGS = 1024;

	static PrefixOrder of(String key, int index, byte[] body) {
		long[] beginnings = new long[Math.min(MAX_BEGINNINGS, body.length / STEP)];
		long hash = 0;
		CRC32C crc = new CRC32C();
		for (int i = 0; i < beginnings.length; i++) {
			crc.update(body, i * STEP, STEP);
			hash = (hash + crc.getValue()) * 0x9E37_79B9_7F4A_7C15L;
			beginnings[i] = hash;
		}
		return new PrefixOrder(key, index, beginnings);
	}

}
