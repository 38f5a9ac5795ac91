package io.tokensaving.feature;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import io.tokensaving.statistics.StateSlot;
import org.jspecify.annotations.Nullable;

/**
 * A feature of nobody's: it adds words to what the model is asked, and answers itself
 * what begins with "hush". Nothing outside its own classes and its tests knows it.
 */
public final class MadeUpFeature implements Feature {

	static final Outcome OUTCOME = Outcome.hit("made_up_hit", "Answered by what is made up");

	static final SavingTechnique TECHNIQUE = SavingTechnique.of("made_up", "Something was made up");

	static final Counter OBSCURE = Counter.of("obscure_answers", "Answers that nobody understood", "requests");

	static final Counter SPOKEN = Counter.by("voice", "spoken", "Requests by the voice that spoke");

	static final Component COMPONENT = Component.of("made_up", "Making something up");

	static final StateSlot<Tiredness, Tiredness.Figures> TIREDNESS = new Tiredness.Slot();

	private static final List<String> VOICES = List.of("friendly", "stern");

	private volatile @Nullable Plan loaded;

	@Override
	public String name() {
		return "made-up";
	}

	@Override
	public List<Outcome> outcomes() {
		return List.of(OUTCOME);
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(OBSCURE, SPOKEN);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(TIREDNESS);
	}

	@Override
	public SettingsSection<Properties> section() {
		return new SettingsSection<>("made-up", Properties.class, Properties::toSettings);
	}

	@Override
	public void check(Plan plan) {
		Settings settings = plan.settings(Settings.class);
		if (settings != null && !VOICES.contains(settings.voice())) {
			throw new InvalidPlanException("made-up.voice", settings.voice(), SettingText.oneOf(VOICES));
		}
	}

	@Override
	public void load(Plan plan) {
		this.loaded = plan;
	}

	@Override
	public List<Advice> advice(PlanUsage usage) {
		Plan last = this.loaded;
		if (last == null || !last.id().equals(usage.key().plan())) {
			return List.of();
		}
		return List.of(Advice.builder("hoarse", Advice.Severity.INFO, "The voice is hoarse", "Drink tea")
			.figure("cups", 2, "cups")
			.setting(Advice.Setting.ofPlan(usage.key(), "made-up.voice", "friendly"))
			.build());
	}

	/**
	 * Return the plan that was loaded last.
	 * @return the plan
	 */
	public @Nullable Plan loaded() {
		return this.loaded;
	}

	/**
	 * What the feature is told in a plan.
	 *
	 * @param voice how it speaks
	 * @param words what it says
	 * @param times how often
	 * @param pause how long it could wait between
	 * @param verses what it could recite
	 */
	public record Settings(String voice, List<String> words, int times, Duration pause,
			List<Verse> verses) implements PlanSettings {

		public Settings {
			if (times < 1) {
				throw new InvalidPlanException("made-up.times", times, "a number of at least 1");
			}
			words = List.copyOf(words);
			verses = List.copyOf(verses);
			for (int i = 0; i < verses.size(); i++) {
				if (verses.get(i).text().length() > 20) {
					throw new InvalidPlanException("made-up.verses[" + i + "].text", verses.get(i).text(),
							"a text of at most 20 characters");
				}
			}
		}

		public Settings(String voice, List<String> words, int times, Duration pause) {
			this(voice, words, times, pause, List.of());
		}

		@Override
		public String section() {
			return "made-up";
		}

		@Override
		public Map<String, Object> values() {
			return Map.of("voice", this.voice, "words", this.words, "times", this.times, "pause",
					SettingText.of(this.pause), "verses", this.verses.stream().map(Verse::values).toList());
		}

	}

	/**
	 * A verse.
	 *
	 * @param text what it says
	 * @param mood how it is said
	 * @param pause how long it could be quiet after it
	 * @param choirNames who could join in
	 */
	public record Verse(String text, @Nullable String mood, Duration pause, List<String> choirNames) {

		Map<String, Object> values() {
			Map<String, Object> values = new TreeMap<>(
					Map.of("text", this.text, "pause", SettingText.of(this.pause), "choir-names", this.choirNames));
			if (this.mood != null) {
				values.put("mood", this.mood);
			}
			return values;
		}

	}

	/**
	 * What one may write.
	 */
	public static class Properties {

		private boolean enabled = true;

		private String voice = "friendly";

		private List<String> words = List.of("indeed");

		private int times = 1;

		@DefaultUnit(ChronoUnit.MINUTES)
		private Duration pause = Duration.ofMinutes(1);

		private List<VerseProperties> verses = new ArrayList<>();

		public List<VerseProperties> getVerses() {
			return this.verses;
		}

		public void setVerses(List<VerseProperties> verses) {
			this.verses = verses;
		}

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public String getVoice() {
			return this.voice;
		}

		public void setVoice(String voice) {
			this.voice = voice;
		}

		public List<String> getWords() {
			return this.words;
		}

		public void setWords(List<String> words) {
			this.words = words;
		}

		public int getTimes() {
			return this.times;
		}

		public void setTimes(int times) {
			this.times = times;
		}

		public Duration getPause() {
			return this.pause;
		}

		public void setPause(Duration pause) {
			this.pause = pause;
		}

		@Nullable Settings toSettings() {
			return this.enabled ? new Settings(this.voice, this.words, this.times, this.pause,
					this.verses.stream().map(VerseProperties::toVerse).toList()) : null;
		}

	}

	/**
	 * What one may write of a verse.
	 */
	public static class VerseProperties {

		private String text = "la";

		private @Nullable String mood;

		@DefaultUnit(ChronoUnit.MINUTES)
		private Duration pause = Duration.ofMinutes(1);

		private List<String> choirNames = List.of("all");

		public String getText() {
			return this.text;
		}

		public void setText(String text) {
			this.text = text;
		}

		public @Nullable String getMood() {
			return this.mood;
		}

		public void setMood(@Nullable String mood) {
			this.mood = mood;
		}

		public Duration getPause() {
			return this.pause;
		}

		public void setPause(Duration pause) {
			this.pause = pause;
		}

		public List<String> getChoirNames() {
			return this.choirNames;
		}

		public void setChoirNames(List<String> choirNames) {
			this.choirNames = choirNames;
		}

		Verse toVerse() {
			return new Verse(this.text, this.mood, this.pause, this.choirNames);
		}

	}

}
