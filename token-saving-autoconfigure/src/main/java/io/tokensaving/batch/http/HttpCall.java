package io.tokensaving.batch.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request to a provider. Immutable, except for its content.
 *
 * @param method the method
 * @param path the segments of the path below the base of the API
 * @param query the parameters of the query
 * @param headers headers that replace those of the client
 * @param contentType the type of the content, {@code null} without content
 * @param content the content, {@code null} for none
 */
public record HttpCall(String method, List<String> path, Map<String, String> query, Map<String, String> headers,
		@Nullable String contentType, @Nullable HttpContent content) {

	/**
	 * The type of JSON.
	 */
	public static final String JSON = "application/json";

	/**
	 * Copy the collections.
	 */
	public HttpCall {
		path = List.copyOf(path);
		query = Map.copyOf(query);
		headers = Map.copyOf(headers);
	}

	/**
	 * Create a request without content.
	 * @param method the method
	 * @param headers headers that replace those of the client
	 * @param path the segments of the path
	 * @return the request
	 */
	public static HttpCall of(String method, Map<String, String> headers, String... path) {
		return new HttpCall(method, List.of(path), Map.of(), headers, null, null);
	}

	/**
	 * Return the request with content.
	 * @param contentType its type
	 * @param content the content
	 * @return the new request
	 */
	public HttpCall with(String contentType, HttpContent content) {
		return new HttpCall(this.method, this.path, this.query, this.headers, contentType, content);
	}

	/**
	 * Return the request with JSON as its content.
	 * @param json the content
	 * @return the new request
	 */
	public HttpCall with(JsonNode json) {
		byte[] bytes = JsonBytes.write(json);
		return with(JSON, (out) -> out.write(bytes));
	}

	/**
	 * Return the request with a parameter of the query.
	 * @param name its name
	 * @param value its value, {@code null} to add none
	 * @return the new request
	 */
	public HttpCall query(String name, @Nullable String value) {
		if (value == null) {
			return this;
		}
		Map<String, String> query = new TreeMap<>(this.query);
		query.put(name, value);
		return new HttpCall(this.method, this.path, query, this.headers, this.contentType, this.content);
	}

	/**
	 * Return the request with more segments of the path.
	 * @param segments the segments
	 * @return the new request
	 */
	public HttpCall append(String... segments) {
		List<String> path = new ArrayList<>(this.path);
		path.addAll(List.of(segments));
		return new HttpCall(this.method, path, this.query, this.headers, this.contentType, this.content);
	}

}
