package io.tokensaving.cache;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

import io.tokensaving.feature.DefaultUnit;
import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * The {@code cache} section of a plan.
 */
public class CacheProperties {

	/**
	 * Backend that keeps answers: 'in_memory', 'in_memory_semantic', 'redis',
	 * 'redis_semantic', 'qdrant_semantic' or the backend of an ExactCacheStore or
	 * SemanticCacheStore bean.
	 */
	private String backend = "in_memory";

	/**
	 * How long an answer may be served. Without a unit, in seconds.
	 */
	@DefaultUnit(ChronoUnit.SECONDS)
	private Duration ttl = Duration.ofHours(1);

	/**
	 * Lowest cosine similarity, 0 to 1, at which a semantic backend serves.
	 */
	private double similarityThreshold = 0.85;

	/**
	 * Size above which an answer is not stored.
	 */
	private DataSize maxEntrySize = DataSize.ofKilobytes(256);

	/**
	 * What earlier turns mean to a semantic backend: 'partition' (they must be equal),
	 * 'window:N' (the last N user messages are embedded together) or 'standalone' (they
	 * are ignored if the question stands alone).
	 */
	private String history = "partition";

	/**
	 * Number of characters above which a question is only looked up exactly.
	 */
	private int maxQuestionLength = 1000;

	/**
	 * How long embedding and search may take together. Without a unit, in milliseconds.
	 */
	private Duration semanticTimeout = Duration.ofMillis(500);

	/**
	 * Guards that may veto an answer of a semantic backend, 'all' for all guards.
	 */
	private List<String> guards = new ArrayList<>(List.of("all"));

	/**
	 * Share of semantic hits, 0 to 1, that are verified by the model in the background.
	 */
	private double verifySampleRate = 0.01;

	/**
	 * Share of wrong answers among the verified ones, 0 to 1, above which the semantic
	 * cache of the plan suspends itself.
	 */
	private double maxErrorRate = 0.05;

	/**
	 * Judge of verified answers: 'embedding', 'llm' or the name of a Judge bean.
	 */
	private String judge = "embedding";

	/**
	 * How long an exact look-up outside this process may take. Without a unit, in
	 * milliseconds.
	 */
	private Duration lookupTimeout = Duration.ofMillis(50);

	/**
	 * Languages in which the guards of a semantic backend are trusted, as ISO 639-1
	 * codes; 'any' for all there are. Questions in others are only looked up exactly, or
	 * only served once a model has confirmed it.
	 */
	private List<String> languages = new ArrayList<>(List.of("en"));

	/**
	 * What confirms an answer that a semantic backend has found before it is served.
	 */
	private CacheSettings.Confirm confirm = CacheSettings.Confirm.NONE;

	/**
	 * Lowest cosine similarity, 0 to 1, at which an answer is served without being
	 * confirmed.
	 */
	private double sureSimilarity = 1;

	/**
	 * Name of the ChatModel bean that confirms; without it, the only one there is.
	 */
	private @Nullable String confirmModel;

	/**
	 * How long a confirmation may take. Without a unit, in milliseconds.
	 */
	private Duration confirmTimeout = Duration.ofSeconds(3);

	/**
	 * Words a second at which a stream that a cache answers receives its text, 0 for all
	 * at once.
	 */
	private int replayChunks = 0;

	public String getBackend() {
		return this.backend;
	}

	public void setBackend(String backend) {
		this.backend = backend;
	}

	public Duration getTtl() {
		return this.ttl;
	}

	public void setTtl(Duration ttl) {
		this.ttl = ttl;
	}

	public double getSimilarityThreshold() {
		return this.similarityThreshold;
	}

	public void setSimilarityThreshold(double similarityThreshold) {
		this.similarityThreshold = similarityThreshold;
	}

	public DataSize getMaxEntrySize() {
		return this.maxEntrySize;
	}

	public void setMaxEntrySize(DataSize maxEntrySize) {
		this.maxEntrySize = maxEntrySize;
	}

	public String getHistory() {
		return this.history;
	}

	public void setHistory(String history) {
		this.history = history;
	}

	public int getMaxQuestionLength() {
		return this.maxQuestionLength;
	}

	public void setMaxQuestionLength(int maxQuestionLength) {
		this.maxQuestionLength = maxQuestionLength;
	}

	public Duration getSemanticTimeout() {
		return this.semanticTimeout;
	}

	public void setSemanticTimeout(Duration semanticTimeout) {
		this.semanticTimeout = semanticTimeout;
	}

	public List<String> getGuards() {
		return this.guards;
	}

	public void setGuards(List<String> guards) {
		this.guards = guards;
	}

	public double getVerifySampleRate() {
		return this.verifySampleRate;
	}

	public void setVerifySampleRate(double verifySampleRate) {
		this.verifySampleRate = verifySampleRate;
	}

	public double getMaxErrorRate() {
		return this.maxErrorRate;
	}

	public void setMaxErrorRate(double maxErrorRate) {
		this.maxErrorRate = maxErrorRate;
	}

	public String getJudge() {
		return this.judge;
	}

	public void setJudge(String judge) {
		this.judge = judge;
	}

	public Duration getLookupTimeout() {
		return this.lookupTimeout;
	}

	public void setLookupTimeout(Duration lookupTimeout) {
		this.lookupTimeout = lookupTimeout;
	}

	public List<String> getLanguages() {
		return this.languages;
	}

	public void setLanguages(List<String> languages) {
		this.languages = languages;
	}

	public CacheSettings.Confirm getConfirm() {
		return this.confirm;
	}

	public void setConfirm(CacheSettings.Confirm confirm) {
		this.confirm = confirm;
	}

	public double getSureSimilarity() {
		return this.sureSimilarity;
	}

	public void setSureSimilarity(double sureSimilarity) {
		this.sureSimilarity = sureSimilarity;
	}

	public @Nullable String getConfirmModel() {
		return this.confirmModel;
	}

	public void setConfirmModel(@Nullable String confirmModel) {
		this.confirmModel = confirmModel;
	}

	public Duration getConfirmTimeout() {
		return this.confirmTimeout;
	}

	public void setConfirmTimeout(Duration confirmTimeout) {
		this.confirmTimeout = confirmTimeout;
	}

	public int getReplayChunks() {
		return this.replayChunks;
	}

	public void setReplayChunks(int replayChunks) {
		this.replayChunks = replayChunks;
	}

	CacheSettings toSettings() {
		return new CacheSettings(this.backend, this.ttl, this.similarityThreshold, this.maxEntrySize.toBytes(),
				CacheHistory.parse(this.history), this.maxQuestionLength, this.semanticTimeout, this.guards,
				this.verifySampleRate, this.maxErrorRate, this.judge, this.lookupTimeout, this.languages, this.confirm,
				this.sureSimilarity, this.confirmModel, this.confirmTimeout, this.replayChunks);
	}

}
