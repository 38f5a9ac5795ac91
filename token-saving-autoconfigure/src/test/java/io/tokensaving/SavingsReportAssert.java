package io.tokensaving;

import java.math.BigDecimal;

import org.assertj.core.api.AbstractAssert;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * Assertions on what a response says it saved.
 */
public final class SavingsReportAssert extends AbstractAssert<SavingsReportAssert, SavingsReport> {

	private SavingsReportAssert(SavingsReport actual) {
		super(actual, SavingsReportAssert.class);
	}

	public static SavingsReportAssert assertThatReport(ChatClientResponse response) {
		return new SavingsReportAssert((SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY));
	}

	public SavingsReportAssert hasOutcome(Outcome outcome) {
		isNotNull();
		if (!this.actual.outcome().equals(outcome)) {
			failWithMessage("Expected outcome %s but was %s", outcome, this.actual.outcome());
		}
		return this;
	}

	public SavingsReportAssert bought(long tokens) {
		isNotNull();
		if (this.actual.tokensBought() != tokens) {
			failWithMessage("Expected %s tokens bought but were %s", tokens, this.actual.tokensBought());
		}
		return this;
	}

	public SavingsReportAssert saved(long tokens) {
		isNotNull();
		if (this.actual.tokensSaved() != tokens) {
			failWithMessage("Expected %s tokens saved but were %s", tokens, this.actual.tokensSaved());
		}
		return this;
	}

	public SavingsReportAssert savedUsd(String usd) {
		isNotNull();
		if (this.actual.costSavedUsd().compareTo(new BigDecimal(usd)) != 0) {
			failWithMessage("Expected %s USD saved but were %s", usd, this.actual.costSavedUsd());
		}
		return this;
	}

}
