package io.tokensaving.statistics.redis;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsBatch;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.redis.RedisCommands.Command;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.Assert;

/**
 * Keeps statistics in Redis, where all instances of an application add to the same sums.
 * Works with Lettuce and Jedis, with a single server, Sentinel and Redis Cluster.
 * Thread-safe.
 * <p>
 * All keys of a plan lie in one slot of a cluster, and one script adds what a batch has
 * for the plan: at once, and only if its number is higher than that of the last batch of
 * the instance. The scripts of many plans share a round trip, except with Jedis and Redis
 * Cluster, which has no pipelines. Reading is done by scripts too, so that no replica is
 * asked that is behind.
 */
public final class RedisStatisticsRepository implements StatisticsRepository {

	private final Clock clock;

	private final RedisCommands commands;

	private final StatisticsKeys keys;

	private final PlanAdmissions admissions;

	private final SumsWriter writer;

	private final SumsReader reader;

	private final PlanFolding folding;

	/**
	 * Create a repository. It connects when it is first used.
	 * @param connectionFactory connects to Redis
	 * @param workspace the workspace of the application, to which belongs what is counted
	 * without a plan, and which keeps applications apart that share a Redis; not empty
	 * @param clock tells the present day
	 */
	public RedisStatisticsRepository(RedisConnectionFactory connectionFactory, String workspace, Clock clock) {
		Assert.hasText(workspace, "'workspace' must not be empty");
		this.clock = clock;
		this.commands = new RedisCommands(connectionFactory);
		this.keys = new StatisticsKeys(workspace);
		this.admissions = new PlanAdmissions(this.commands, this.keys);
		this.writer = new SumsWriter(this.keys);
		this.reader = new SumsReader(this.commands, this.keys);
		this.folding = new PlanFolding(this.commands, this.keys, this.writer);
	}

	@Override
	public void add(StatisticsBatch batch) {
		Map<PlanKey, StatisticsCounters> increments = admitted(batch.increments());
		if (increments.isEmpty()) {
			return;
		}
		List<Command> index = index(increments.keySet());
		List<Command> commands = new ArrayList<>(index);
		increments.forEach((plan, counters) -> commands.add(this.writer.add("batch:" + batch.instance(), batch.number(),
				plan, counters, batch.day(), batch.hour(), Duration.ofDays(DAYS))));
		List<@Nullable Object> replies = this.commands.execute(commands);
		if (increments.keySet().stream().anyMatch((plan) -> !StatisticsKeys.isSpecial(plan))) {
			// Once more, because another instance may have folded one of the plans since
			// and removed it from the set
			this.commands.execute(index);
		}
		SumsWriter.checkRefused(replies.subList(index.size(), replies.size()));
	}

	// Labels are kept of plans that are counted apart only
	private Map<PlanKey, StatisticsCounters> admitted(Map<PlanKey, StatisticsCounters> increments) {
		Map<PlanKey, StatisticsCounters> admitted = new HashMap<>();
		increments.forEach((plan, counters) -> {
			PlanKey counted = this.admissions.admit(plan);
			admitted.merge(counted, counted.equals(plan) ? counters : counters.withLabelled(Map.of()),
					StatisticsCounters::plus);
		});
		return admitted;
	}

	// Written with each batch, so that Redis knows the plans again after it has lost its
	// data
	private List<Command> index(Set<PlanKey> plans) {
		Map<String, List<String>> members = plans.stream()
			.collect(Collectors.groupingBy(this.keys::plans, Collectors.mapping(PlanKey::plan, Collectors.toList())));
		List<Command> index = new ArrayList<>();
		members.forEach((key, ids) -> index.add(RedisCommands.addToSet(key, ids)));
		List<String> workspaces = plans.stream()
			.filter((plan) -> !StatisticsKeys.isSpecial(plan) && !plan.workspace().equals(this.keys.workspace()))
			.map(PlanKey::workspace)
			.distinct()
			.toList();
		if (!workspaces.isEmpty()) {
			index.add(RedisCommands.addToSet(this.keys.workspaces(), workspaces));
		}
		return index;
	}

	@Override
	public Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans) {
		return this.reader.totals(plans);
	}

	@Override
	public NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan) {
		return this.reader.days(plan, latest(DAYS));
	}

	@Override
	public Map<Labels, StatisticsCounters> labelled(PlanKey plan) {
		return this.reader.labelled(plan);
	}

	@Override
	public NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> labelledDays(PlanKey plan, int days) {
		return this.reader.labelledDays(plan, latest(days));
	}

	@Override
	public NavigableMap<Instant, StatisticsCounters> hours(PlanKey plan, int hours) {
		return this.reader.hours(plan, latestHours(hours));
	}

	@Override
	public Set<PlanKey> plans() {
		return this.reader.plans();
	}

	@Override
	public void fold(PlanKey plan, PlanKey into) {
		this.folding.fold(plan, this.admissions.admit(into), latest(DAYS), latestHours(HOURS));
		this.admissions.forget(plan);
		this.folding.remove(plan);
	}

	private List<Instant> latestHours(int hours) {
		Instant hour = this.clock.instant().truncatedTo(ChronoUnit.HOURS);
		return LongStream.range(0, hours).mapToObj((i) -> hour.minus(hours - 1 - i, ChronoUnit.HOURS)).toList();
	}

	private List<LocalDate> latest(int days) {
		LocalDate today = LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC);
		return today.minusDays(days - 1L).datesUntil(today.plusDays(1)).toList();
	}

}
