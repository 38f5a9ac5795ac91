package io.tokensaving.material.parts;

/**
 * Source code in several languages.
 */
final class CodeSamples {

	static final String PYTHON = """
			import os
			from decimal import Decimal

			RATES = {"a": 1,
			    "b": 2}


			class Invoice:
			    \"""An invoice: with lines.\"""

			    def __init__(self, lines):
			        self.lines = lines

			    # Rounds half up
			    @property
			    def total(self):
			        \"""Return the total.\"""
			        total = Decimal(0)
			        for line in self.lines:
			            total += line.price * (
			    line.count)
			        return total.quantize(Decimal("0.01"))

			    def discount(self, rate):
			        if rate > 1:
			            raise ValueError("rate")
			        note = "a somewhat longer text, so that this has a body of its own"
			        return self.total * rate, note


			def main():
			    path = os.environ["INVOICES"]
			    with open(path) as file:
			        invoices = [Invoice(line) for line in file]
			    for invoice in invoices:
			        print(invoice.total)
			        print(invoice.discount(0.1))
			    print("done")
			""";

	static final String KOTLIN = """
			package shop

			import java.time.Instant

			data class Item(val sku: String, val price: Long)

			/** Keeps what is in stock. */
			class Stock(private val items: List<Item>) {

				val size: Int
					get() = items.size

				fun find(sku: String): Item? {
					val found = items.firstOrNull { it.sku == sku }
					if (found == null) {
						println("no ${sku} found, and there is nothing else to say")
					} else {
						println("found ${found.sku} in the stock of this shop")
					}
					return found
				}

				override fun toString() = "Stock(${items.size})"

				companion object {
					fun empty() = Stock(emptyList()).also { println("an empty stock was made at this time") }
				}
			}
			""";

	static final String TYPESCRIPT = """
			import { readFile } from 'fs/promises';
			import path from 'path';

			export interface Order {
			  id: string;
			  items: { sku: string; count: number }[];
			}

			const PATTERN = /[{"'(]/g;

			/** Loads the orders. */
			export async function loadOrders(dir: string): Promise<Order[]> {
			  const text = await readFile(path.join(dir, 'orders.json'), 'utf8');
			  const orders = JSON.parse(text) as Order[];
			  return orders
			    .filter((order) => order.items.length > 0)
			    .map((order) => ({ ...order, id: order.id.trim() }))
			}

			export class Shop {
			  private orders: Order[] = [];

			  constructor(private readonly dir: string) {}

			  async open() {
			    this.orders = await loadOrders(this.dir);
			    console.log(`opened with ${this.orders.length} orders`);
			    if (this.orders.length === 0) {
			      throw new Error("no orders in " + this.dir)
			    }
			  }
			}
			""";

	static final String GO = """
			package main

			import (
				"fmt"
				"os"
			)

			// Order is what a customer wants.
			type Order struct {
				ID    string
				Items []string
			}

			// Total adds up the prices.
			func (o *Order) Total(prices map[string]int) (int, error) {
				total := 0
				for _, item := range o.Items {
					price, ok := prices[item]
					if !ok {
						return 0, fmt.Errorf("no price for %s", item)
					}
					total += price
				}
				return total, nil
			}

			func main() {
				o := &Order{ID: "1", Items: os.Args[1:]}
				total, err := o.Total(map[string]int{"a": 1, "b": 2})
				if err != nil {
					panic(err)
				}
				fmt.Println(total, "is what all of this costs today")
			}
			""";

	static final String C = """
			#include <stdio.h>
			#include <stdlib.h>
			#define MAX(a, b) \\
				((a) > (b) ? (a) : (b))

			struct node {
				int value;
				struct node *next;
			};

			/* Adds a node. */
			static struct node *
			add(struct node *head, int value)
			{
				struct node *node = malloc(sizeof(*node));
				if (node == NULL) {
					fprintf(stderr, "no memory left for '%c'\\n", '{');
					exit(1);
				}
				node->value = value;
				node->next = head;
				return node;
			}

			int main(int argc, char **argv) {
				struct node *list = NULL;
				for (int i = 1; i < argc; i++) {
					list = add(list, MAX(atoi(argv[i]), 0));
				}
				while (list != NULL) {
					printf("%d\\n", list->value);
					list = list->next;
				}
				return 0;
			}
			""";

	static final String CSHARP = """
			using System;
			using System.Collections.Generic;

			namespace Shop
			{
				/// <summary>An order.</summary>
				public class Order
				{
					public string Id { get; set; }

					public decimal Total(IDictionary<string, decimal> prices)
					{
						var total = 0m;
						foreach (var item in Items)
						{
							total += prices[item] * 1.19m;
							Console.WriteLine(@"C:\\temp\\" + item);
						}
						return Math.Round(total, 2);
					}

					public override string ToString() => $"Order {Id}";
				}
			}
			""";

	static final String RUST = """
			use std::collections::HashMap;
			use std::fmt;

			/// An order.
			#[derive(Debug, Clone)]
			pub struct Order<'a> {
			    pub id: &'a str,
			    pub items: Vec<String>,
			}

			impl<'a> Order<'a> {
			    /// Adds up the prices.
			    pub fn total(&self, prices: &HashMap<String, u64>) -> Option<u64> {
			        let mut total = 0;
			        for item in &self.items {
			            total += prices.get(item)?;
			            println!(r#"{{"item": "{}"}}"#, item);
			        }
			        Some(total)
			    }
			}

			pub fn main() {
			    let mut order = Order { id: "1", items: vec![] };
			    order.items.push(String::from("a"));
			    match order.total(&HashMap::new()) {
			        Some(total) => println!("{} costs {}", order.id, total),
			        None => println!("{} cannot be priced", order.id),
			    }
			}
			""";

	static final String SQL = """
			-- The customers
			CREATE TABLE customer (
			    id BIGINT PRIMARY KEY,
			    name VARCHAR(200) NOT NULL DEFAULT 'it''s (nobody'
			);

			CREATE INDEX customer_name ON customer (name);

			SELECT c.name, COUNT(*) AS orders
			FROM customer c
			JOIN orders o ON o.customer_id = c.id
			WHERE o.status = 'returned'
			GROUP BY c.name;

			INSERT INTO customer (id, name) VALUES (1, 'Ada'), (2, 'Grace');
			""";

	static final String[][] ALL = { { "python", PYTHON }, { "kotlin", KOTLIN }, { "typescript", TYPESCRIPT },
			{ "go", GO }, { "c", C }, { "csharp", CSHARP }, { "rust", RUST }, { "sql", SQL } };

	private CodeSamples() {
	}

}
