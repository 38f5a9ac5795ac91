package io.tokensaving.route.state;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

import io.tokensaving.LabelText;
import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityStanding;

/**
 * All that instances write down of routing, as bytes. The first byte is the version of
 * the format and the second one the kind. Nothing that is read is believed unless it is
 * in range. Of the features of a label, those of the embedding have 16 bits each:
 * multiples of a 32,767th of the largest one. Holds no text but names of tiers and
 * features. Thread-safe.
 */
public final class RouteStateCodec {

	/**
	 * The largest number of features of a label.
	 */
	public static final int MAX_FEATURES = 4096;

	/**
	 * The largest number of bytes of the evidence of a tier.
	 */
	static final int MAX_EVIDENCE = 4096;

	private static final byte VERSION = 1;

	private static final byte LABEL = 1;

	private static final byte VERDICT = 2;

	private static final byte STANDING = 3;

	private static final byte EVIDENCE = 4;

	private static final byte RATE = 5;

	private static final byte NUMBER = 6;

	private static final int MAX_VERSION_LENGTH = 256;

	private static final GradedJudge.Grade[] GRADES = GradedJudge.Grade.values();

	private static final QualityStanding[] STANDINGS = QualityStanding.values();

	private RouteStateCodec() {
	}

	/**
	 * Encode a label.
	 * @param label the label
	 * @return the bytes, 28 and two for each feature of the embedding and four for each
	 * other one
	 */
	public static byte[] encode(Label label) {
		return write(LABEL, (out) -> {
			label.origin().write(out);
			out.writeByte(label.grade().ordinal());
			out.writeFloat(label.weight());
			float[] features = label.features();
			out.writeShort(features.length);
			out.writeShort(label.exact());
			for (int i = 0; i < label.exact(); i++) {
				out.writeFloat(features[i]);
			}
			if (features.length > label.exact()) {
				float largest = 0;
				for (int i = label.exact(); i < features.length; i++) {
					largest = Math.max(largest, Math.abs(features[i]));
				}
				out.writeFloat(largest);
				for (int i = label.exact(); i < features.length; i++) {
					out.writeShort(
							(largest > 0) ? (int) Math.round((double) features[i] / largest * Short.MAX_VALUE) : 0);
				}
			}
		});
	}

	/**
	 * Decode a label.
	 * @param bytes the bytes
	 * @return the label
	 * @throws IllegalArgumentException if it is none
	 */
	public static Label label(byte[] bytes) {
		return read(bytes, LABEL, (in) -> {
			Origin origin = Origin.read(in);
			int grade = in.readUnsignedByte();
			check(grade < GRADES.length);
			float weight = in.readFloat();
			check(weight > 0 && Float.isFinite(weight));
			int length = in.readUnsignedShort();
			int exact = in.readUnsignedShort();
			check(length > 0 && length <= MAX_FEATURES && exact <= length);
			float[] features = new float[length];
			for (int i = 0; i < exact; i++) {
				features[i] = in.readFloat();
				check(Float.isFinite(features[i]));
			}
			if (length > exact) {
				float largest = in.readFloat();
				check(largest >= 0 && Float.isFinite(largest));
				for (int i = exact; i < length; i++) {
					short share = in.readShort();
					check(share >= -Short.MAX_VALUE);
					features[i] = (float) ((double) share / Short.MAX_VALUE * largest);
				}
			}
			return new Label(origin, GRADES[grade], weight, features, exact);
		});
	}

	/**
	 * Encode a verdict.
	 * @param verdict the verdict
	 * @return the bytes
	 */
	public static byte[] encode(Verdict verdict) {
		return write(VERDICT, (out) -> {
			verdict.origin().write(out);
			out.writeLong(verdict.epoch());
			out.writeInt(verdict.tierVersion());
			writeKey(out, verdict.key());
			out.writeBoolean(verdict.bad());
		});
	}

	/**
	 * Decode a verdict.
	 * @param bytes the bytes
	 * @return the verdict
	 * @throws IllegalArgumentException if it is none
	 */
	public static Verdict verdict(byte[] bytes) {
		return read(bytes, VERDICT,
				(in) -> new Verdict(Origin.read(in), readNumber(in), in.readInt(), readKey(in), in.readBoolean()));
	}

	/**
	 * Encode a standing.
	 * @param standing the standing
	 * @return the bytes
	 */
	public static byte[] encode(Standing standing) {
		return write(STANDING, (out) -> {
			out.writeLong(standing.epoch());
			writeKey(out, standing.key());
			out.writeByte(standing.standing().ordinal());
		});
	}

	/**
	 * Decode a standing.
	 * @param bytes the bytes
	 * @return the standing
	 * @throws IllegalArgumentException if it is none
	 */
	public static Standing standing(byte[] bytes) {
		return read(bytes, STANDING, (in) -> {
			long epoch = readNumber(in);
			QualityKey key = readKey(in);
			int standing = in.readUnsignedByte();
			check(standing < STANDINGS.length);
			return new Standing(epoch, key, STANDINGS[standing]);
		});
	}

	/**
	 * Encode evidence.
	 * @param evidence the evidence, whose bytes are not more than 4 KiB
	 * @return the bytes
	 */
	public static byte[] encode(Evidence evidence) {
		return write(EVIDENCE, (out) -> {
			out.writeLong(evidence.position().time());
			out.writeLong(evidence.position().sequence());
			out.writeInt(evidence.labels());
			check(evidence.bytes().length <= MAX_EVIDENCE);
			out.writeShort(evidence.bytes().length);
			out.write(evidence.bytes());
		});
	}

	/**
	 * Decode evidence.
	 * @param bytes the bytes
	 * @return the evidence
	 * @throws IllegalArgumentException if it is none
	 */
	public static Evidence evidence(byte[] bytes) {
		return read(bytes, EVIDENCE, (in) -> {
			RouteStateStore.Position position = new RouteStateStore.Position(readNumber(in), readNumber(in));
			int labels = in.readInt();
			int length = in.readUnsignedShort();
			check(labels >= 0 && length <= MAX_EVIDENCE);
			byte[] evidence = new byte[length];
			in.readFully(evidence);
			return new Evidence(position, labels, evidence);
		});
	}

	/**
	 * Encode the state of a rate.
	 * @param rate the state
	 * @return the bytes
	 */
	public static byte[] encode(Rate rate) {
		return write(RATE, (out) -> {
			out.writeUTF(rate.tier());
			out.writeByte(rate.state().raisedLeft());
			out.writeByte(rate.state().versions().size());
			for (String version : rate.state().versions()) {
				out.writeUTF(version);
			}
		});
	}

	/**
	 * Decode the state of a rate.
	 * @param bytes the bytes
	 * @return the state
	 * @throws IllegalArgumentException if it is none
	 */
	public static Rate rate(byte[] bytes) {
		return read(bytes, RATE, (in) -> {
			String tier = in.readUTF();
			LabelText.check("'tier'", tier);
			int raisedLeft = in.readUnsignedByte();
			List<String> versions = new ArrayList<>();
			for (int left = in.readUnsignedByte(); left > 0; left--) {
				String version = in.readUTF();
				check(version.length() <= MAX_VERSION_LENGTH);
				versions.add(version);
			}
			return new Rate(tier, new AdaptiveRate.State(versions, raisedLeft));
		});
	}

	/**
	 * Encode a number.
	 * @param number the number, 0 or more
	 * @return the bytes
	 */
	public static byte[] encode(long number) {
		return write(NUMBER, (out) -> out.writeLong(number));
	}

	/**
	 * Decode a number.
	 * @param bytes the bytes
	 * @return the number, 0 or more
	 * @throws IllegalArgumentException if it is none
	 */
	public static long number(byte[] bytes) {
		return read(bytes, NUMBER, RouteStateCodec::readNumber);
	}

	private static long readNumber(DataInputStream in) throws IOException {
		long number = in.readLong();
		check(number >= 0);
		return number;
	}

	private static void writeKey(DataOutputStream out, QualityKey key) throws IOException {
		out.writeUTF(key.tier());
		out.writeUTF(key.feature());
	}

	private static QualityKey readKey(DataInputStream in) throws IOException {
		return new QualityKey(in.readUTF(), in.readUTF());
	}

	private static byte[] write(byte kind, Writer writer) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		try (DataOutputStream out = new DataOutputStream(bytes)) {
			out.writeByte(VERSION);
			out.writeByte(kind);
			writer.write(out);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	private static <T> T read(byte[] bytes, byte kind, Reader<T> reader) {
		try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
			check(in.readByte() == VERSION && in.readByte() == kind);
			T value = reader.read(in);
			check(in.read() < 0);
			return value;
		}
		catch (IOException ex) {
			throw new IllegalArgumentException("Not what instances share of routing", ex);
		}
	}

	private static void check(boolean valid) {
		if (!valid) {
			throw new IllegalArgumentException("Not what instances share of routing");
		}
	}

	private interface Writer {

		void write(DataOutputStream out) throws IOException;

	}

	private interface Reader<T> {

		T read(DataInputStream in) throws IOException;

	}

	/**
	 * Who has added an entry to a log. An entry that was added twice, because the store
	 * did not say that it has it, is read once by that. Immutable.
	 *
	 * @param sender identifies the instance since its start
	 * @param sequence the number of the entry, which the sender counts up
	 */
	public record Origin(long sender, long sequence) {

		private void write(DataOutputStream out) throws IOException {
			out.writeLong(this.sender);
			out.writeLong(this.sequence);
		}

		private static Origin read(DataInputStream in) throws IOException {
			return new Origin(in.readLong(), readNumber(in));
		}

	}

	/**
	 * A label.
	 *
	 * @param origin who has added it
	 * @param grade how good the answer of the cheaper tier was
	 * @param weight how many requests it stands for, above zero
	 * @param features the features
	 * @param exact how many features, the first ones, are kept as they are
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	public record Label(Origin origin, GradedJudge.Grade grade, float weight, float[] features, int exact) {

	}

	/**
	 * A verdict on an answer that a caller got. Immutable.
	 *
	 * @param origin who has added it
	 * @param epoch how often the plan was resumed before
	 * @param tierVersion a hash of the definition of the tier
	 * @param key the tier and the feature
	 * @param bad whether the answer was worse or of no use
	 */
	public record Verdict(Origin origin, long epoch, int tierVersion, QualityKey key, boolean bad) {

	}

	/**
	 * What follows from an alarm. Immutable.
	 *
	 * @param epoch how often the plan was resumed before
	 * @param key the tier and the feature
	 * @param standing what follows
	 */
	public record Standing(long epoch, QualityKey key, QualityStanding standing) {

	}

	/**
	 * The evidence of a tier.
	 *
	 * @param position the position of the last label that it is of
	 * @param labels the number of labels before it that are learned from
	 * @param bytes the evidence
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	public record Evidence(RouteStateStore.Position position, int labels, byte[] bytes) {

	}

	/**
	 * The rate at which the answers of a tier are judged. Immutable.
	 *
	 * @param tier the tier
	 * @param state the state of its rate
	 */
	public record Rate(String tier, AdaptiveRate.State state) {

	}

}
