package io.tokensaving.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

import org.jspecify.annotations.Nullable;

/**
 * What the model says, and what goes wrong on the way. Immutable but for its latch.
 */
public final class Answer {

	private final String text;

	private final String thinking;

	private final int thinkingTokens;

	private final int outputTokens;

	private final List<ToolCall> toolCalls;

	private final @Nullable Finish finish;

	private final @Nullable SimulatedError error;

	private final int piece;

	private final Duration firstDelay;

	private final Duration pieceDelay;

	private final int cutAfter;

	private final @Nullable Cut cut;

	private final @Nullable CountDownLatch latch;

	private final int latchAfter;

	private Answer(Builder builder) {
		this.text = builder.text;
		this.thinking = builder.thinking;
		this.thinkingTokens = builder.thinkingTokens;
		this.outputTokens = builder.outputTokens;
		this.toolCalls = List.copyOf(builder.toolCalls);
		this.finish = builder.finish;
		this.error = builder.error;
		this.piece = builder.piece;
		this.firstDelay = builder.firstDelay;
		this.pieceDelay = builder.pieceDelay;
		this.cutAfter = builder.cutAfter;
		this.cut = builder.cut;
		this.latch = builder.latch;
		this.latchAfter = builder.latchAfter;
	}

	/**
	 * An answer of text.
	 * @param text what the model says
	 * @return the answer
	 */
	public static Answer text(String text) {
		return builder().text(text).build();
	}

	/**
	 * An answer that calls a tool.
	 * @param name the tool
	 * @param arguments JSON of an object
	 * @return the answer
	 */
	public static Answer toolCall(String name, String arguments) {
		return builder().toolCall(name, arguments).build();
	}

	/**
	 * No answer, but an error.
	 * @param error the error
	 * @return the answer
	 */
	public static Answer error(SimulatedError error) {
		return builder().error(error).build();
	}

	/**
	 * No answer, but an error with the provider's usual message.
	 * @param kind what went wrong
	 * @return the answer
	 */
	public static Answer error(SimulatedError.Kind kind) {
		return error(SimulatedError.of(kind));
	}

	public static Builder builder() {
		return new Builder();
	}

	String text() {
		return this.text;
	}

	String thinking() {
		return this.thinking;
	}

	/** Tokens of the thinking, or -1: as many as its text has. */
	int thinkingTokens() {
		return this.thinkingTokens;
	}

	/** Tokens of the answer without thinking, or -1: as many as it has. */
	int outputTokens() {
		return this.outputTokens;
	}

	List<ToolCall> toolCalls() {
		return this.toolCalls;
	}

	@Nullable Finish finish() {
		return this.finish;
	}

	@Nullable SimulatedError error() {
		return this.error;
	}

	int piece() {
		return this.piece;
	}

	Duration firstDelay() {
		return this.firstDelay;
	}

	Duration pieceDelay() {
		return this.pieceDelay;
	}

	int cutAfter() {
		return this.cutAfter;
	}

	@Nullable Cut cut() {
		return this.cut;
	}

	@Nullable CountDownLatch latch() {
		return this.latch;
	}

	int latchAfter() {
		return this.latchAfter;
	}

	/** Whether the error is to be sent in place of an answer. */
	boolean isError() {
		return this.error != null && this.cut == null;
	}

	/** Why the model stopped. Each provider has words of its own for it. */
	public enum Finish {

		/** It was done. */
		STOP,

		/** It had no more tokens. */
		LENGTH,

		/** It wants a tool called. */
		TOOL_CALLS,

		/** A filter stopped the answer. */
		CONTENT_FILTER,

		/** It refused. */
		REFUSAL

	}

	/** How a response ends too early. */
	public enum Cut {

		/** The connection breaks in the middle of the body. */
		CONNECTION,

		/** The body ends as if all were well, without the last events. */
		SILENCE,

		/** The error is sent as an event of the stream; a call breaks off. */
		ERROR_EVENT

	}

	/**
	 * A call of a tool.
	 *
	 * @param name the tool
	 * @param arguments JSON of an object
	 */
	public record ToolCall(String name, String arguments) {

	}

	/** Puts an answer together; not safe for use by several threads. */
	public static final class Builder {

		private String text = "";

		private String thinking = "";

		private int thinkingTokens = -1;

		private int outputTokens = -1;

		private final List<ToolCall> toolCalls = new ArrayList<>();

		private @Nullable Finish finish;

		private @Nullable SimulatedError error;

		private int piece = 20;

		private Duration firstDelay = Duration.ZERO;

		private Duration pieceDelay = Duration.ZERO;

		private int cutAfter = -1;

		private @Nullable Cut cut;

		private @Nullable CountDownLatch latch;

		private int latchAfter;

		private Builder() {
		}

		public Builder text(String value) {
			this.text = value;
			return this;
		}

		/**
		 * Thinking that the provider shows.
		 * @param value its text
		 * @return this builder
		 */
		public Builder thinking(String value) {
			this.thinking = value;
			return this;
		}

		/**
		 * Thinking that is billed, whether or not it is shown.
		 * @param tokens how many
		 * @return this builder
		 */
		public Builder thinkingTokens(int tokens) {
			this.thinkingTokens = tokens;
			return this;
		}

		/**
		 * What the answer is billed as, whatever it says.
		 * @param tokens how many, without thinking
		 * @return this builder
		 */
		public Builder outputTokens(int tokens) {
			this.outputTokens = tokens;
			return this;
		}

		public Builder toolCall(String name, String arguments) {
			this.toolCalls.add(new ToolCall(name, arguments));
			return this;
		}

		/**
		 * Why the model stopped.
		 * @param value by default what the answer implies
		 * @return this builder
		 */
		public Builder finish(Finish value) {
			this.finish = value;
			return this;
		}

		public Builder error(SimulatedError value) {
			this.error = value;
			return this;
		}

		/**
		 * How a stream cuts text.
		 * @param chars characters in a piece, 20 by default
		 * @return this builder
		 */
		public Builder piece(int chars) {
			this.piece = chars;
			return this;
		}

		/**
		 * Real time that passes before the response begins and between its events.
		 * @param first before the response
		 * @param each between events of a stream
		 * @return this builder
		 */
		public Builder delays(Duration first, Duration each) {
			this.firstDelay = first;
			this.pieceDelay = each;
			return this;
		}

		/**
		 * Ends the response too early.
		 * @param after how many events of a stream are sent before; a call sends half of
		 * its body if there are any
		 * @param how the way it ends
		 * @return this builder
		 */
		public Builder cutAfter(int after, Cut how) {
			this.cutAfter = after;
			this.cut = how;
			return this;
		}

		/**
		 * Holds the response back until a test lets it go, or for 30 seconds.
		 * @param after how many events of a stream are sent before; 0 holds back the
		 * whole response
		 * @param until the latch that lets it go
		 * @return this builder
		 */
		public Builder hold(int after, CountDownLatch until) {
			this.latch = until;
			this.latchAfter = after;
			return this;
		}

		public Answer build() {
			return new Answer(this);
		}

	}

}
