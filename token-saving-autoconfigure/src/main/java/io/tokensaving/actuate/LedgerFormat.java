package io.tokensaving.actuate;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.ApiVersion;
import org.springframework.boot.actuate.endpoint.Producible;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * The formats in which {@link TokenSavingEndpoint} can answer a reading. A request gets
 * the last one of those that its header {@code Accept} names.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public enum LedgerFormat implements Producible<LedgerFormat> {

	/**
	 * JSON in the present version of Spring Boot's endpoints.
	 */
	VERSION_3(ApiVersion.V3.getProducedMimeType()),

	/**
	 * JSON in an earlier version of Spring Boot's endpoints, which is the same here.
	 */
	VERSION_2(ApiVersion.V2.getProducedMimeType()),

	/**
	 * JSON.
	 */
	JSON(MimeTypeUtils.APPLICATION_JSON),

	/**
	 * A table, of what is made of rows.
	 */
	CSV(MimeType.valueOf("text/csv;charset=UTF-8"));

	private final MimeType type;

	LedgerFormat(MimeType type) {
		this.type = type;
	}

	@Override
	public MimeType getProducedMimeType() {
		return this.type;
	}

	@Override
	public boolean isDefault() {
		return this == VERSION_3;
	}

	/**
	 * Return the format that a parameter names.
	 * @param name the value of the parameter, or {@code null}
	 * @param accepted the format that the header names, or {@code null}
	 * @return the format, or {@code null} if there is none of this name
	 */
	static @Nullable LedgerFormat of(@Nullable String name, @Nullable LedgerFormat accepted) {
		if (name == null || name.isBlank()) {
			return (accepted != null) ? accepted : JSON;
		}
		return switch (name) {
			case "json" -> JSON;
			case "csv" -> CSV;
			default -> null;
		};
	}

}
