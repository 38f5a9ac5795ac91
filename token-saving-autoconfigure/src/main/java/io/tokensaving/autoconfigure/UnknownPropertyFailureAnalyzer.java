package io.tokensaving.autoconfigure;

import java.util.List;
import java.util.stream.Collectors;

import io.tokensaving.autoconfigure.UnknownPropertyException.UnknownProperty;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports the properties that are accepted instead of an unknown one. Does not show its
 * value, which may be a secret.
 */
final class UnknownPropertyFailureAnalyzer extends AbstractFailureAnalyzer<UnknownPropertyException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UnknownPropertyException cause) {
		return analyze(cause.getProperties(), cause);
	}

	static FailureAnalysis analyze(List<UnknownProperty> properties, Throwable cause) {
		return new FailureAnalysis(
				properties.stream()
					.map((unknown) -> "There is no configuration property '%s'%s.".formatted(
							unknown.property().getName(), TokenSavingBindFailureAnalyzer.origin(unknown.property())))
					.collect(Collectors.joining("%n".formatted())),
				properties.stream()
					.map(UnknownPropertyFailureAnalyzer::accepted)
					.distinct()
					.collect(Collectors.joining("%n".formatted())),
				cause);
	}

	private static String accepted(UnknownProperty unknown) {
		return "Accepted under '%s' is %s.".formatted(unknown.place(),
				unknown.accepted().isEmpty() ? "nothing" : "one of '" + String.join("', '", unknown.accepted()) + "'");
	}

}
