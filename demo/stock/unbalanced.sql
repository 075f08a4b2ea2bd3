-- only finalised documents move stock
WITH movement AS (
    SELECT d.store_id, l.stock_line_id,
        CASE WHEN d.type IN ('supplier_invoice', 'customer_credit') THEN l.packs ELSE -l.packs END AS packs
    FROM invoice_line AS l JOIN invoice AS d ON d.id = l.invoice_id WHERE d.status = 'finalised'
    UNION ALL
    SELECT d.store_id, l.stock_line_id, CASE WHEN d.type = 'gain' THEN l.packs ELSE -l.packs END
    FROM inventory_adjustment_line AS l JOIN inventory_adjustment AS d ON d.id = l.inventory_adjustment_id
    WHERE d.status = 'finalised'
    UNION ALL
    SELECT d.store_id, l.stock_line_id, -l.packs
    FROM prescription_line AS l JOIN prescription AS d ON d.id = l.prescription_id WHERE d.status = 'finalised'
    UNION ALL
    SELECT d.store_id, l.stock_line_id, -l.packs FROM build_line AS l JOIN build AS d ON d.id = l.build_id
    WHERE d.status = 'finalised'
    UNION ALL
    SELECT d.store_id, d.stock_line_id, d.packs FROM build AS d WHERE d.status = 'finalised'
    UNION ALL
    SELECT d.store_id, l.from_stock_line_id, -l.packs
    FROM replenishment_line AS l JOIN replenishment AS d ON d.id = l.replenishment_id WHERE d.status = 'finalised'
    UNION ALL
    SELECT d.store_id, l.to_stock_line_id, l.packs
    FROM replenishment_line AS l JOIN replenishment AS d ON d.id = l.replenishment_id WHERE d.status = 'finalised'
), moved AS (
    SELECT stock_line_id, SUM(packs) AS packs FROM movement WHERE stock_line_id IS NOT NULL
        AND store_id IN (SELECT store_id FROM stock_line)
    GROUP BY stock_line_id
)
SELECT s.id, CAST(s.total_packs AS TEXT), CAST(COALESCE(m.packs, 0) AS TEXT)
FROM stock_line AS s LEFT JOIN moved AS m ON m.stock_line_id = s.id
WHERE s.total_packs IS NULL OR ABS(s.total_packs - COALESCE(m.packs, 0)) > 0.0000005
UNION ALL
SELECT m.stock_line_id, NULL, CAST(m.packs AS TEXT)
FROM moved AS m LEFT JOIN stock_line AS s ON s.id = m.stock_line_id WHERE s.id IS NULL
ORDER BY 1
