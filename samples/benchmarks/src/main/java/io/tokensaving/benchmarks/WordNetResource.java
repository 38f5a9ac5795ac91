package io.tokensaving.benchmarks;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Derives from WordNet what guards look up: which words there are, of which part of
 * speech, how frequent and of which lexicographer's file, what they are synonyms and
 * antonyms of, and which names of several words are not the thing that a part of them
 * names. The form of the file is that of {@code WordBase}.
 */
public final class WordNetResource {

	private static final int SENSES = 4;

	private static final String[] PARTS_OF_SPEECH = { "noun", "verb", "adj", "adv" };

	private static final int NAME = 16;

	private final Map<String, Entry> entries = new TreeMap<>();

	private final Map<String, Integer> counts = new HashMap<>();

	private final Map<String, Integer> numbers = new HashMap<>();

	private final Map<String, Set<String>> namesOfParts = new HashMap<>();

	private final Map<String, Set<Integer>> nameSynsets = new HashMap<>();

	private final Set<String> antonyms = new TreeSet<>();

	private WordNetResource() {
	}

	public static void main(String[] arguments) throws IOException {
		WordNetResource resource = new WordNetResource();
		resource.read(Path.of(arguments[0]));
		resource.write(Path.of(arguments[1]));
	}

	private void read(Path dictionary) throws IOException {
		for (String line : Files.readAllLines(dictionary.resolve("index.sense"))) {
			String[] columns = line.split(" ", -1);
			String lemma = columns[0].substring(0, columns[0].indexOf('%'));
			int part = columns[0].charAt(columns[0].indexOf('%') + 1);
			String key = lemma + "/" + ((part == '5') ? '3' : (char) part) + "/" + Integer.parseInt(columns[1]);
			this.counts.put(key, Integer.parseInt(columns[3]));
			this.numbers.put(key, Integer.parseInt(columns[2]));
		}
		for (int part = 0; part < PARTS_OF_SPEECH.length; part++) {
			Map<Integer, String[]> synsets = new HashMap<>();
			for (String line : Files.readAllLines(dictionary.resolve("data." + PARTS_OF_SPEECH[part]),
					StandardCharsets.ISO_8859_1)) {
				if (!line.startsWith(" ")) {
					String[] columns = line.substring(0, line.indexOf('|')).strip().split(" ", -1);
					synsets.put(Integer.parseInt(columns[0]), columns);
				}
			}
			for (String[] columns : synsets.values()) {
				readSynset(part, columns, synsets);
			}
		}
	}

	private void readSynset(int part, String[] columns, Map<Integer, String[]> synsets) {
		int offset = Integer.parseInt(columns[0]);
		int words = Integer.parseInt(columns[3], 16);
		int pointers = Integer.parseInt(columns[4 + 2 * words]);
		int head = offset;
		for (int i = 0; i < pointers; i++) {
			String[] pointer = Arrays.copyOfRange(columns, 5 + 2 * words + 4 * i, 9 + 2 * words + 4 * i);
			if (pointer[0].equals("&") && columns[2].equals("s")) {
				head = Integer.parseInt(pointer[1]);
			}
			if (pointer[0].equals("!")) {
				String[] other = synsets.get(Integer.parseInt(pointer[1]));
				String source = lemma(columns, Integer.parseInt(pointer[3].substring(0, 2), 16));
				String target = lemma(other, Integer.parseInt(pointer[3].substring(2), 16));
				if (isWord(source) && isWord(target)) {
					this.antonyms.add(source + " " + target);
				}
			}
		}
		for (int i = 1; i <= words; i++) {
			String lemma = lemma(columns, i);
			boolean name = Character.isUpperCase(lemma.charAt(0));
			String form = lemma.toLowerCase(Locale.ROOT).replace('_', ' ');
			if (name) {
				this.nameSynsets.computeIfAbsent(form, (added) -> new HashSet<>()).add(offset);
			}
			if (isWord(form)) {
				String key = lemma.toLowerCase(Locale.ROOT) + "/" + (part + 1) + "/" + offset;
				Entry entry = this.entries.computeIfAbsent(form, (added) -> new Entry());
				entry.flags |= name ? NAME : 1 << part;
				entry.senses.add(new Sense(this.counts.getOrDefault(key, 0), this.numbers.getOrDefault(key, 99), offset,
						head, part, Integer.parseInt(columns[1])));
			}
		}
	}

	private static String lemma(String[] columns, int number) {
		return columns[4 + 2 * (number - 1)].replaceAll("\\(.*\\)", "");
	}

	private static boolean isWord(String form) {
		return form.matches("[a-z][a-z'-]+");
	}

	// A name whose part names something else, as in New Mexico
	private Set<String> variants() {
		Set<String> variants = new TreeSet<>();
		this.nameSynsets.forEach((name, synsets) -> {
			String[] words = name.split(" ", -1);
			if (words.length < 2 || words.length > 4) {
				return;
			}
			List<String> parts = List.of(name.substring(name.indexOf(' ') + 1),
					name.substring(0, name.lastIndexOf(' ')));
			for (String part : parts) {
				Set<Integer> others = this.nameSynsets.getOrDefault(part, Set.of());
				if (!others.isEmpty() && others.stream().noneMatch(synsets::contains)) {
					variants.add(name);
				}
			}
		});
		return variants;
	}

	private void write(Path path) throws IOException {
		for (String variant : variants()) {
			this.entries.computeIfAbsent(variant, (added) -> new Entry()).flags |= NAME;
		}
		Map<Integer, Entry> byHash = new TreeMap<>(Integer::compareUnsigned);
		this.entries.forEach((form, entry) -> byHash.merge(hash(form), entry, Entry::merge));
		try (OutputStream file = Files.newOutputStream(path); DataOutputStream out = new DataOutputStream(file)) {
			out.writeInt(byHash.size());
			long last = 0;
			for (int hash : byHash.keySet()) {
				writeNumber(out, Integer.toUnsignedLong(hash) - last);
				last = Integer.toUnsignedLong(hash);
			}
			List<Entry> common = new ArrayList<>();
			for (Entry entry : byHash.values()) {
				entry.senses.sort(Comparator.comparingInt(Sense::count)
					.reversed()
					.thenComparingInt(Sense::number)
					.thenComparingInt(Sense::part));
				int count = entry.senses.stream().mapToInt(Sense::count).sum();
				int frequency = Math.min(7, 32 - Integer.numberOfLeadingZeros(count));
				out.writeByte(entry.flags | frequency << 5);
			}
			for (Entry entry : byHash.values()) {
				out.writeByte(entry.senses.isEmpty() ? 0 : entry.senses.get(0).file + 1);
				if (entry.senses.stream().anyMatch((sense) -> sense.count > 0)) {
					common.add(entry);
				}
			}
			for (Entry entry : common) {
				Set<Integer> synsets = new LinkedHashSet<>();
				for (Sense sense : entry.senses) {
					synsets.add(sense.offset * 4 + sense.part);
					synsets.add(sense.head * 4 + sense.part);
				}
				int written = 0;
				for (int synset : synsets) {
					if (written < SENSES) {
						out.writeShort(synset * 0x9E3779B1 >>> 16);
						written++;
					}
				}
				for (; written < SENSES; written++) {
					out.writeShort(0);
				}
			}
			out.writeInt(this.antonyms.size());
			for (String pair : this.antonyms) {
				out.writeInt(hash(pair.substring(0, pair.indexOf(' '))));
				out.writeInt(hash(pair.substring(pair.indexOf(' ') + 1)));
			}
		}
		System.out.printf(Locale.ROOT, "%,d entries, %,d pairs of antonyms, %,d bytes%n", byHash.size(),
				this.antonyms.size(), Files.size(path));
	}

	private static int hash(String form) {
		return form.hashCode() * 0x9E3779B1;
	}

	private static void writeNumber(DataOutputStream out, long number) throws IOException {
		long rest = number;
		while (rest >= 128) {
			out.writeByte((int) (rest & 127 | 128));
			rest >>>= 7;
		}
		out.writeByte((int) rest);
	}

	private record Sense(int count, int number, int offset, int head, int part, int file) {

	}

	private static final class Entry {

		private int flags;

		private final List<Sense> senses = new ArrayList<>();

		Entry merge(Entry other) {
			this.flags |= other.flags;
			this.senses.addAll(other.senses);
			return this;
		}

	}

}
