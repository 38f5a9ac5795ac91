package io.tokensaving.cache.semantic.guard;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * The words of English, as WordNet 3.1 knows them: parts of speech, frequency, synonyms
 * and antonyms. Words are looked up by a hash of 32 bits, so that some 90,000 of them
 * take less than a megabyte; one of 40,000 words that are not in it is taken for another.
 * Immutable.
 */
final class WordBase {

	static final int NOUN = 1;

	static final int VERB = 2;

	static final int ADJECTIVE = 4;

	static final int ADVERB = 8;

	static final int NAME = 16;

	private static final int PARTS_OF_SPEECH = NOUN | VERB | ADJECTIVE | ADVERB;

	private static final int SENSES = 4;

	private static final int SHORTEST_STEM = 3;

	private static final String[][] ENDINGS = { { "s", "" }, { "ies", "y" }, { "es", "" }, { "ed", "e" }, { "ed", "" },
			{ "ied", "y" }, { "ing", "e" }, { "ing", "" }, { "er", "" }, { "er", "e" }, { "ier", "y" }, { "est", "" },
			{ "est", "e" }, { "iest", "y" }, { "men", "man" } };

	private final int[] hashes;

	private final byte[] flags;

	private final byte[] files;

	// The number of words with senses among those before every 64th
	private final int[] ranks;

	private final short[] synsets;

	private final long[] antonyms;

	WordBase(String file) {
		try (InputStream in = WordBase.class.getResourceAsStream(file)) {
			if (in == null) {
				throw new IllegalStateException("The file '" + file + "' is missing beside the guards");
			}
			DataInputStream data = new DataInputStream(new BufferedInputStream(in));
			this.hashes = new int[data.readInt()];
			int last = 0;
			for (int i = 0; i < this.hashes.length; i++) {
				last += readNumber(data);
				this.hashes[i] = last;
			}
			this.flags = data.readNBytes(this.hashes.length);
			this.files = data.readNBytes(this.hashes.length);
			this.ranks = new int[this.hashes.length / Long.SIZE + 1];
			int common = 0;
			for (int i = 0; i < this.hashes.length; i++) {
				if (i % Long.SIZE == 0) {
					this.ranks[i / Long.SIZE] = common;
				}
				common += (frequency(i) > 0) ? 1 : 0;
			}
			this.synsets = new short[common * SENSES];
			for (int i = 0; i < this.synsets.length; i++) {
				this.synsets[i] = data.readShort();
			}
			this.antonyms = new long[data.readInt()];
			for (int i = 0; i < this.antonyms.length; i++) {
				this.antonyms[i] = data.readLong();
			}
			Arrays.sort(this.antonyms);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static int readNumber(DataInputStream data) throws IOException {
		int number = 0;
		for (int shift = 0;; shift += 7) {
			int b = data.readUnsignedByte();
			number |= (b & 127) << shift;
			if (b < 128) {
				return number;
			}
		}
	}

	private static int hash(CharSequence form) {
		int hash = 0;
		for (int i = 0; i < form.length(); i++) {
			hash = 31 * hash + form.charAt(i);
		}
		return scatter(hash);
	}

	private static int scatter(int hash) {
		return hash * 0x9E3779B1;
	}

	/**
	 * Find a word, or the one that it is a regular form of.
	 * @param form the word in lower case
	 * @return its number, or -1 if it is not known
	 */
	int find(String form) {
		int found = index(scatter(form.hashCode()));
		return (found >= 0) ? found : index(base(form));
	}

	/**
	 * Whether there is a word, or some words that are a name of their own.
	 * @param form the word in lower case, or several
	 * @return whether it is known in this very form
	 */
	boolean contains(CharSequence form) {
		return index(hash(form)) >= 0;
	}

	// Returns the hash of the word that another is a form of, or that of an empty text
	private int base(String form) {
		for (String[] ending : ENDINGS) {
			int length = form.length() - ending[0].length();
			if (length < SHORTEST_STEM - ending[1].length() || length < 2 || !form.endsWith(ending[0])) {
				continue;
			}
			int hash = 0;
			for (int i = 0; i < length; i++) {
				hash = 31 * hash + form.charAt(i);
			}
			int whole = hash;
			for (int i = 0; i < ending[1].length(); i++) {
				whole = 31 * whole + ending[1].charAt(i);
			}
			if (index(scatter(whole)) >= 0) {
				return scatter(whole);
			}
			// As in stopped
			if (ending[1].isEmpty() && length > SHORTEST_STEM && form.charAt(length - 1) == form.charAt(length - 2)) {
				int shorter = hash(form.substring(0, length - 1));
				if (index(shorter) >= 0) {
					return shorter;
				}
			}
		}
		return 0;
	}

	private int index(int hash) {
		int low = 0;
		int high = this.hashes.length - 1;
		while (low <= high) {
			int middle = (low + high) >>> 1;
			int compared = Integer.compareUnsigned(this.hashes[middle], hash);
			if (compared == 0) {
				return middle;
			}
			if (compared < 0) {
				low = middle + 1;
			}
			else {
				high = middle - 1;
			}
		}
		return -1;
	}

	/**
	 * Return the parts of speech that a word can be.
	 * @param word its number
	 * @return the sum of the constants of this class, without {@link #NAME}
	 */
	int parts(int word) {
		return this.flags[word] & PARTS_OF_SPEECH;
	}

	/**
	 * Whether a word can be a name.
	 * @param word its number
	 * @return whether WordNet has it with a capital
	 */
	boolean isName(int word) {
		return (this.flags[word] & NAME) != 0;
	}

	/**
	 * Return how often a word occurs in texts that WordNet has annotated.
	 * @param word its number
	 * @return 0 for never to 7 for 64 times and more, in powers of two
	 */
	int frequency(int word) {
		return this.flags[word] >> 5 & 7;
	}

	/**
	 * Return the lexicographer's file of the first sense, which is a rough class of
	 * meaning, such as that of animals or of food.
	 * @param word its number
	 * @return the number of the file and one, or 0
	 */
	int file(int word) {
		return this.files[word];
	}

	/**
	 * Whether two words have a meaning in common among their most frequent.
	 * @param word the number of one
	 * @param other that of the other
	 * @return whether they do
	 */
	boolean areSynonyms(int word, int other) {
		if (frequency(word) == 0 || frequency(other) == 0) {
			return false;
		}
		int first = SENSES * rank(word);
		int second = SENSES * rank(other);
		for (int i = first; i < first + SENSES; i++) {
			for (int j = second; j < second + SENSES; j++) {
				if (this.synsets[i] != 0 && this.synsets[i] == this.synsets[j]) {
					return true;
				}
			}
		}
		return false;
	}

	private int rank(int word) {
		int rank = this.ranks[word / Long.SIZE];
		for (int i = word / Long.SIZE * Long.SIZE; i < word; i++) {
			rank += (frequency(i) > 0) ? 1 : 0;
		}
		return rank;
	}

	/**
	 * Whether two words are antonyms.
	 * @param word the number of one
	 * @param other that of the other
	 * @return whether WordNet says so of one of their meanings
	 */
	boolean areAntonyms(int word, int other) {
		long pair = (long) this.hashes[word] << Integer.SIZE | Integer.toUnsignedLong(this.hashes[other]);
		return Arrays.binarySearch(this.antonyms, pair) >= 0;
	}

}
