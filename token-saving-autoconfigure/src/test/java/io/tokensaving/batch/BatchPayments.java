package io.tokensaving.batch;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.BatchScript;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedRequest;

/**
 * What a simulated provider was paid for each question, in batches and live. Its answers
 * have numbers, so that each tells which payment it is from.
 */
final class BatchPayments {

	private static final Pattern QUESTION = Pattern.compile("Question (\\d+)\\?");

	private final AtomicInteger numbers = new AtomicInteger();

	private final Map<String, Line> lines = new LinkedHashMap<>();

	private final ProviderSimulator simulator;

	private final List<BatchScript> made;

	/**
	 * Create it.
	 * @param simulator the provider
	 * @param made the scripts of the batches that come to be, in their order
	 */
	BatchPayments(ProviderSimulator simulator, List<BatchScript> made) {
		this.simulator = simulator;
		this.made = List.copyOf(made);
		simulator.respondWith(this::answer);
	}

	private Answer answer(SimulatedRequest request) {
		return Answer.text("Answer " + this.numbers.incrementAndGet() + " to " + question(request.body()));
	}

	private static String question(String text) {
		Matcher matcher = QUESTION.matcher(text);
		if (!matcher.find()) {
			throw new IllegalArgumentException("No question in " + text);
		}
		return matcher.group();
	}

	/**
	 * Remember all lines, because a provider may forget a batch once it is deleted.
	 */
	synchronized void remember() {
		for (io.tokensaving.simulator.BatchLine line : this.simulator.batchLines()) {
			String id = line.batch() + " " + line.customId();
			Line known = this.lines.get(id);
			String question = (known != null) ? known.question()
					: question(this.simulator.batchLineBody(line.batch(), line.customId()));
			this.lines.put(id, new Line(question, line.batch(), line.customId(), line.isBilled(), line.usd()));
		}
	}

	/**
	 * Return the lines that were paid, by question.
	 * @return the lines
	 */
	synchronized Map<String, List<Line>> billed() {
		remember();
		Map<String, List<Line>> billed = new LinkedHashMap<>();
		for (Line line : this.lines.values()) {
			if (line.billed()) {
				billed.computeIfAbsent(line.question(), (question) -> new ArrayList<>()).add(line);
			}
		}
		return billed;
	}

	/**
	 * Return how often each question was asked live and paid.
	 * @return the numbers, without zero
	 */
	Map<String, Integer> live() {
		Map<String, Integer> live = new LinkedHashMap<>();
		for (SimulatedRequest request : this.simulator.requests()) {
			if (request.bill().usd().signum() > 0 && QUESTION.matcher(request.body()).find()) {
				live.merge(question(request.body()), 1, Integer::sum);
			}
		}
		return live;
	}

	/**
	 * Return the script of a batch.
	 * @param batch the id of the batch
	 * @return the script
	 */
	synchronized BatchScript script(String batch) {
		Set<String> batches = new LinkedHashSet<>();
		this.lines.values().forEach((line) -> batches.add(line.batch()));
		int index = List.copyOf(batches).indexOf(batch);
		return (index < this.made.size()) ? this.made.get(index) : BatchScript.fine();
	}

	BigDecimal bill() {
		return this.simulator.bill().usd();
	}

	/**
	 * A line of a batch.
	 *
	 * @param question what it asks
	 * @param batch the id of its batch
	 * @param customId its id
	 * @param billed whether it was paid
	 * @param usd what it cost
	 */
	record Line(String question, String batch, String customId, boolean billed, BigDecimal usd) {

	}

}
