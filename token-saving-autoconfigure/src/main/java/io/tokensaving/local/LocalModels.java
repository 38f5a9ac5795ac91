package io.tokensaving.local;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.tokensaving.tier.Tier;

import org.springframework.ai.chat.model.ChatModel;

/**
 * The models of a local endpoint that take the place of tiers and of the application's
 * own models. Thread-safe.
 */
public final class LocalModels {

	private static final int DIGEST_BYTES = 16;

	private final ChatModel chatModel;

	private final String address;

	private final String model;

	private final SortedMap<String, String> map;

	private final Tier.Limits limits;

	private final String digest;

	private final ConcurrentMap<String, Tier> tiers = new ConcurrentHashMap<>();

	/**
	 * Create the models.
	 * @param chatModel asks the endpoint for any of its models
	 * @param address the address of the endpoint, for messages; holds no credential
	 * @param model the name of the model where the map names no other
	 * @param map names of models by those of tiers; {@link Tier#OWN} stands for the
	 * models that requests are made for
	 * @param limits what the models can serve
	 */
	public LocalModels(ChatModel chatModel, String address, String model, Map<String, String> map, Tier.Limits limits) {
		this.chatModel = chatModel;
		this.address = address;
		this.model = model;
		this.map = Collections.unmodifiableSortedMap(new TreeMap<>(map));
		this.limits = limits;
		MessageDigest digest = sha256();
		update(digest, address);
		update(digest, model);
		this.map.forEach((name, mapped) -> {
			update(digest, name);
			update(digest, mapped);
		});
		this.digest = hex(digest);
	}

	/**
	 * Return the model that asks the endpoint, with the options of which requests are
	 * made.
	 * @return always the same model
	 */
	public ChatModel chatModel() {
		return this.chatModel;
	}

	/**
	 * Return the address of the endpoint.
	 * @return the address, without credentials
	 */
	public String address() {
		return this.address;
	}

	/**
	 * Return what the models can serve.
	 * @return the limits
	 */
	public Tier.Limits limits() {
		return this.limits;
	}

	/**
	 * Return the names of all models that may be asked.
	 * @return the names, each once
	 */
	public Collection<String> models() {
		Set<String> models = new LinkedHashSet<>(this.map.values());
		models.add(this.model);
		return Collections.unmodifiableSet(models);
	}

	/**
	 * Return what identifies the endpoint and its models. No answer is shared between
	 * requests of which it differs.
	 * @return hexadecimal digits; no credential
	 */
	public String digest() {
		return this.digest;
	}

	/**
	 * Return what takes the place of a tier.
	 * @param name the name of the tier, or {@link Tier#OWN}
	 * @return a tier of the same name, always the same, with no limits: what the models
	 * cannot serve is found out when they are asked
	 */
	public Tier tier(String name) {
		return this.tiers.computeIfAbsent(name, (added) -> {
			String mapped = this.map.getOrDefault(added, this.model);
			MessageDigest digest = sha256();
			update(digest, this.address);
			update(digest, mapped);
			return new Tier(added, this.chatModel, mapped, Tier.Limits.NONE, hex(digest));
		});
	}

	/**
	 * Return what takes the place of a tier and is chosen for what that is.
	 * @param name the name of the tier
	 * @param limits what the tier can serve
	 * @return a tier with these limits
	 */
	public Tier tier(String name, Tier.Limits limits) {
		Tier tier = tier(name);
		return new Tier(name, this.chatModel, tier.model(), limits, tier.digest());
	}

	/**
	 * Whether a tier is one of these models.
	 * @param tier the tier
	 * @return whether the local endpoint answers
	 */
	boolean holds(Tier tier) {
		return this.chatModel.equals(tier.chatModel());
	}

	// Each with its length, so that no two run into each other
	private static void update(MessageDigest digest, String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
		digest.update(bytes);
	}

	private static String hex(MessageDigest digest) {
		return HexFormat.of().formatHex(digest.digest(), 0, DIGEST_BYTES);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

}
