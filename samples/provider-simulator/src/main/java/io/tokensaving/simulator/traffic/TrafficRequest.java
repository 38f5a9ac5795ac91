package io.tokensaving.simulator.traffic;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.PromptBlock;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;

/**
 * A request of a made-up application.
 *
 * @param at when it reaches the provider
 * @param clientAt what the application's clock shows then
 * @param instance which instance of the application sends it
 * @param conversation whose it is
 * @param model the model's name
 * @param tools definitions of tools
 * @param system system texts
 * @param messages blocks of messages, the last question included
 * @param toolChoice {@code tool_choice}, or empty
 * @param thinking whether thinking is on
 * @param userMarks marks that the application itself has set, by index of the block
 * @param refused whether the provider refuses it with 429, so that nothing is read,
 * written or billed
 * @param cancelled whether the application goes away before the end of the stream
 */
public record TrafficRequest(Instant at, Instant clientAt, int instance, String conversation, String model,
		List<TrafficPart> tools, List<TrafficPart> system, List<TrafficPart> messages, String toolChoice,
		boolean thinking, SortedMap<Integer, CacheLifetime> userMarks, boolean refused, boolean cancelled) {

	/** The model of which most traffic is. */
	public static final String MODEL = "claude-sonnet-5";

	public TrafficRequest {
		tools = List.copyOf(tools);
		system = List.copyOf(system);
		messages = List.copyOf(messages);
	}

	/**
	 * A plain request.
	 * @param at when it reaches the provider
	 * @param conversation whose it is
	 * @param tools definitions of tools
	 * @param system system texts
	 * @param messages blocks of messages
	 * @return the request
	 */
	public static TrafficRequest of(Instant at, String conversation, List<TrafficPart> tools, List<TrafficPart> system,
			List<TrafficPart> messages) {
		return new TrafficRequest(at, at, 0, conversation, MODEL, tools, system, messages, "", false, new TreeMap<>(),
				false, false);
	}

	TrafficRequest withModel(String value) {
		return new TrafficRequest(this.at, this.clientAt, this.instance, this.conversation, value, this.tools,
				this.system, this.messages, this.toolChoice, this.thinking, this.userMarks, this.refused,
				this.cancelled);
	}

	TrafficRequest withInstance(int value) {
		return new TrafficRequest(this.at, this.clientAt, value, this.conversation, this.model, this.tools, this.system,
				this.messages, this.toolChoice, this.thinking, this.userMarks, this.refused, this.cancelled);
	}

	TrafficRequest withClientAt(Instant value) {
		return new TrafficRequest(this.at, value, this.instance, this.conversation, this.model, this.tools, this.system,
				this.messages, this.toolChoice, this.thinking, this.userMarks, this.refused, this.cancelled);
	}

	TrafficRequest withToolChoice(String value) {
		return new TrafficRequest(this.at, this.clientAt, this.instance, this.conversation, this.model, this.tools,
				this.system, this.messages, value, this.thinking, this.userMarks, this.refused, this.cancelled);
	}

	TrafficRequest withThinking(boolean value) {
		return new TrafficRequest(this.at, this.clientAt, this.instance, this.conversation, this.model, this.tools,
				this.system, this.messages, this.toolChoice, value, this.userMarks, this.refused, this.cancelled);
	}

	TrafficRequest withUserMarks(SortedMap<Integer, CacheLifetime> value) {
		return new TrafficRequest(this.at, this.clientAt, this.instance, this.conversation, this.model, this.tools,
				this.system, this.messages, this.toolChoice, this.thinking, value, this.refused, this.cancelled);
	}

	TrafficRequest withRefused(boolean value) {
		return new TrafficRequest(this.at, this.clientAt, this.instance, this.conversation, this.model, this.tools,
				this.system, this.messages, this.toolChoice, this.thinking, this.userMarks, value, this.cancelled);
	}

	TrafficRequest withCancelled(boolean value) {
		return new TrafficRequest(this.at, this.clientAt, this.instance, this.conversation, this.model, this.tools,
				this.system, this.messages, this.toolChoice, this.thinking, this.userMarks, this.refused, value);
	}

	/**
	 * The parts in Anthropic's order: tools, system, messages. Indexes of marks are of
	 * this list.
	 * @return all parts
	 */
	public List<TrafficPart> parts() {
		List<TrafficPart> parts = new ArrayList<>(this.tools);
		parts.addAll(this.system);
		parts.addAll(this.messages);
		return parts;
	}

	/**
	 * The parts as a cache sees them.
	 * @return blocks in the order of the parts
	 */
	public List<PromptBlock> blocks() {
		return parts().stream().map(TrafficPart::block).toList();
	}

	/**
	 * All input.
	 * @return tokens
	 */
	public int tokens() {
		return parts().stream().mapToInt(TrafficPart::tokens).sum();
	}

	/**
	 * Where the tools end.
	 * @return the index of the last tool, or -1
	 */
	public int lastTool() {
		return this.tools.size() - 1;
	}

	/**
	 * Where the system texts end.
	 * @return the index of the last system text, or -1
	 */
	public int lastSystem() {
		return this.system.isEmpty() ? -1 : this.tools.size() + this.system.size() - 1;
	}

	/**
	 * Where the last block of a kind is.
	 * @param kind a kind of block of messages
	 * @return its index, or -1
	 */
	public int last(Kind kind) {
		for (int index = this.messages.size() - 1; index >= 0; index--) {
			if (this.messages.get(index).kind() == kind) {
				return this.tools.size() + this.system.size() + index;
			}
		}
		return -1;
	}

	/**
	 * Where the prompt ends.
	 * @return the index of its last part
	 */
	public int lastPart() {
		return this.tools.size() + this.system.size() + this.messages.size() - 1;
	}

}
