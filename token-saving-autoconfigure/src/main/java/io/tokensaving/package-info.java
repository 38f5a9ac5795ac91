/**
 * What an application uses for a request: its parameters, its outcome and its savings.
 * <p>
 * The public API of the library is:
 * <ul>
 * <li>the types of this package;</li>
 * <li>in {@code plan} and its subpackage the plans, their repositories and
 * {@code WorkspaceResolver};</li>
 * <li>the advisors, the records of their settings, and their builders with the types that
 * these take, such as {@code TokenCounter}, {@code PriceTable} and
 * {@code SavingsStatistics};</li>
 * <li>the interfaces that an application implements, with the types of their methods:
 * {@code CompressionEngine}, {@code ExactCacheStore}, {@code AsyncExactCacheStore},
 * {@code SemanticCacheStore}, {@code SemanticGuard}, {@code Judge},
 * {@code RouteClassifier}, {@code ConfidenceCheck}, {@code GradedJudge},
 * {@code ProviderDialect}, {@code PromptCacheInjector}, {@code StatisticsRepository},
 * {@code DashboardAccess}, and {@code Feature} with {@code SettingsSection},
 * {@code PlanSettings}, {@code CallState} and {@code SavingsLedger};</li>
 * <li>the stores and engines that come with the library, {@code Evictor} and
 * {@code EntryCounter}, and {@code Reviews};</li>
 * <li>the properties below {@code token-saving}, the endpoint {@code tokensaving} and the
 * names of meters.</li>
 * </ul>
 * A type whose documentation says "Internal" is public only because another package of
 * the library uses it, and may change at any time.
 */
@NullMarked
package io.tokensaving;

import org.jspecify.annotations.NullMarked;
