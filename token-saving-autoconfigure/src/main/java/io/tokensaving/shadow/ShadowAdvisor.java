package io.tokensaving.shadow;

import java.util.List;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.request.StreamMemory;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Takes the settings off the plan of requests that is in shadow or off, so that no
 * advisor behind it serves or changes anything. In shadow a copy of the request goes
 * through those advisors in the background, where what the model answers to the original
 * stands for the model. Nothing that happens there reaches the caller. Thread-safe.
 */
public final class ShadowAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor, AutoCloseable {

	private static final long MAX_BYTES = 1024 * 1024;

	private final ShadowRuns runs;

	private final StreamMemory streams = StreamMemory.ofHeap();

	private final int order;

	/**
	 * Create the advisor.
	 * @param statistics counts what plans would have done
	 * @param prices the prices
	 * @param tokenCounter estimates tokens that a model does not report
	 */
	public ShadowAdvisor(SavingsStatistics statistics, PriceTable prices, TokenCounter tokenCounter) {
		this(statistics, prices, tokenCounter, AdvisorOrder.SHADOW);
	}

	/**
	 * Create the advisor.
	 * @param statistics counts what plans would have done
	 * @param prices the prices
	 * @param tokenCounter estimates tokens that a model does not report
	 * @param order the order, behind the plan and before all that works for it
	 */
	public ShadowAdvisor(SavingsStatistics statistics, PriceTable prices, TokenCounter tokenCounter, int order) {
		this.runs = new ShadowRuns(statistics, prices, tokenCounter);
		this.order = order;
	}

	@Override
	public String getName() {
		return "Token Saving Shadow";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		CallState call = CallState.of(request);
		PlanMode mode = mode(call);
		if (call == null || mode == PlanMode.ACTIVE) {
			return chain.nextCall(request);
		}
		ShadowRun run = (mode == PlanMode.SHADOW)
				? this.runs.start(call, request, inner(chain.getCallAdvisors()), CallerContext.capture()) : null;
		ChatClientResponse response;
		try {
			response = chain.nextCall(call.withoutSettings().attachTo(request));
		}
		catch (RuntimeException | Error ex) {
			if (run != null) {
				run.abandon();
			}
			throw ex;
		}
		if (run != null) {
			run.answered(response.chatResponse());
		}
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		CallState call = CallState.of(request);
		PlanMode mode = mode(call);
		if (call == null || mode == PlanMode.ACTIVE) {
			return chain.nextStream(request);
		}
		if (mode == PlanMode.OFF) {
			return Flux.defer(() -> chain.nextStream(call.withoutSettings().attachTo(request)));
		}
		return Flux.deferContextual((context) -> {
			ShadowRun run = this.runs.start(call, request, inner(given.getStreamAdvisors()),
					CallerContext.capture(context));
			Flux<ChatClientResponse> answer = chain.nextStream(call.withoutSettings().attachTo(request));
			return (run != null) ? followed(answer, run, call, request) : answer;
		});
	}

	private Flux<ChatClientResponse> followed(Flux<ChatClientResponse> answer, ShadowRun run, CallState call,
			ChatClientRequest request) {
		ResponseAssembler assembler = new ResponseAssembler(call.dialect(request), MAX_BYTES, this.streams);
		return answer.doOnNext((element) -> run.guard(() -> {
			if (element.chatResponse() != null) {
				assembler.add(element.chatResponse());
			}
		}))
			.doOnComplete(() -> run.guard(() -> run.answered(assembler.isCut() ? null : assembler.assemble())))
			.doOnError((ex) -> run.abandon())
			.doOnCancel(run::abandon)
			.doFinally((signal) -> assembler.release());
	}

	private static PlanMode mode(@Nullable CallState call) {
		ModeSettings settings = (call != null) ? call.plan().settings(ModeSettings.class) : null;
		return (settings != null) ? settings.mode() : PlanMode.ACTIVE;
	}

	// The advisors of the application between ours may have effects, so they see the
	// request once only
	private List<Advisor> inner(List<? extends Advisor> advisors) {
		return advisors.stream()
			.filter((advisor) -> advisor instanceof TokenSavingAdvisor ours && ours.worksInShadow()
					&& advisor instanceof DirectStreamAdvisor && advisor.getOrder() > this.order)
			.<Advisor>map((advisor) -> advisor)
			.toList();
	}

	@Override
	public void close() {
		this.runs.close();
	}

}
