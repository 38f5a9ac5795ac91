package io.tokensaving.dashboard;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

import org.jspecify.annotations.Nullable;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * The files of the page, read once and kept compressed. Immutable.
 */
final class DashboardAssets {

	/**
	 * The name of the page itself.
	 */
	static final String PAGE = "index.html";

	private static final String OWN = "classpath*:io/tokensaving/dashboard/*.*";

	private static final String CHART = "classpath*:META-INF/resources/webjars/uplot/*/dist/";

	private static final String CHART_SCRIPT = "uPlot.iife.min.js";

	private static final String CHART_STYLE = "uPlot.min.css";

	private static final Map<String, String> TYPES = Map.of("html", "text/html;charset=UTF-8", "js",
			"text/javascript;charset=UTF-8", "css", "text/css;charset=UTF-8", "svg", "image/svg+xml");

	private final Map<String, Asset> assets = new LinkedHashMap<>();

	/**
	 * Read the files.
	 * @param classLoader finds them
	 * @throws IllegalStateException if the library of the charts is not there
	 * @throws UncheckedIOException if a file cannot be read
	 */
	DashboardAssets(@Nullable ClassLoader classLoader) {
		PathMatchingResourcePatternResolver resolver = new PathMatchingResourcePatternResolver(classLoader);
		add(resolver, OWN);
		add(resolver, CHART + CHART_SCRIPT);
		add(resolver, CHART + CHART_STYLE);
		for (String needed : new String[] { PAGE, CHART_SCRIPT, CHART_STYLE }) {
			if (!this.assets.containsKey(needed)) {
				throw new IllegalStateException("The dashboard needs '" + needed
						+ "', which comes with token-saving-autoconfigure and 'org.webjars.npm:uplot'");
			}
		}
	}

	private void add(PathMatchingResourcePatternResolver resolver, String pattern) {
		try {
			for (Resource resource : resolver.getResources(pattern)) {
				String name = String.valueOf(resource.getFilename());
				String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
				if (type != null) {
					byte[] content = resource.getContentAsByteArray();
					this.assets.putIfAbsent(name, new Asset(type, content, compress(content), tag(content)));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The files of the dashboard cannot be read", ex);
		}
	}

	/**
	 * Find a file.
	 * @param name its name
	 * @return the file, or {@code null} if there is none
	 */
	@Nullable Asset find(String name) {
		return this.assets.get(name);
	}

	static byte[] compress(byte[] content) {
		ByteArrayOutputStream compressed = new ByteArrayOutputStream(content.length / 3);
		try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
			out.write(content);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return compressed.toByteArray();
	}

	private static String tag(byte[] content) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
			return '"' + HexFormat.of().formatHex(digest, 0, 8) + '"';
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A file.
	 *
	 * @param type the content type
	 * @param content its bytes
	 * @param compressed its bytes, by gzip
	 * @param tag tells versions apart
	 */
	record Asset(String type, byte[] content, byte[] compressed, String tag) {

	}

}
