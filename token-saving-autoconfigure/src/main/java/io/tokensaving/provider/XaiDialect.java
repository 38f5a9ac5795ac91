package io.tokensaving.provider;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * xAI, whose API is that of OpenAI.
 */
final class XaiDialect implements ProviderDialect {

	private static final String ROW = "xai/";

	@Override
	public String name() {
		return "xai";
	}

	@Override
	public Set<String> models() {
		return Set.of("grok-");
	}

	// The prices for long requests begin at the threshold
	@Override
	public @Nullable PriceListing listing(String provider, String name) {
		return (provider.equals("xai") && name.startsWith(ROW))
				? new PriceListing(List.of(name, name.substring(ROW.length())), List.of(), true) : null;
	}

}
