/**
 * A request on its way to the model: its parameters, its plan and its fingerprint. Only
 * {@link io.tokensaving.request.PlanAdvisor} with
 * {@link io.tokensaving.request.UnknownPlanPolicy}, and for the advisors of features
 * {@link io.tokensaving.request.CallState} with
 * {@link io.tokensaving.request.CacheDirectives}, are part of the API.
 */
@NullMarked
package io.tokensaving.request;

import org.jspecify.annotations.NullMarked;
